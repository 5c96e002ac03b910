"""Sets a thread's instruction pointer to 0, which raises a real fault inside the process."""
import ctypes, os, sys

TRACEME, CONT, GETREGS, SETREGS, ATTACH, DETACH = 0, 7, 12, 13, 16, 17
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread, data=None):
    if libc.ptrace(request, thread, None, data) < 0:
        sys.exit("ptrace %d: %s" % (request, os.strerror(ctypes.get_errno())))


thread = int(sys.argv[1])
ptrace(ATTACH, thread)
os.waitpid(thread, 0x40000000)  # __WALL
registers = (ctypes.c_ulonglong * 27)()  # struct user_regs_struct of x86-64
ptrace(GETREGS, thread, ctypes.addressof(registers))
registers[15] = 2**64 - 1  # orig_rax: no system call to be restarted
registers[16] = 0  # rip
ptrace(SETREGS, thread, ctypes.addressof(registers))
ptrace(DETACH, thread)
