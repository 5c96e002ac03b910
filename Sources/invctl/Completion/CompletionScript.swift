/// The completion scripts of shells: each asks `invctl complete-line` for the words that fit.
///
/// They know no commands, so they are small, and stay right when the program is replaced.
enum CompletionScript: String, CaseIterable {
    case bash, zsh, fish

    var text: String {
        switch self {
        case .bash: Self.bashText
        case .zsh: Self.zshText
        case .fish: Self.fishText
        }
    }

    private static let bashText = #"""
        # bash completion for invctl
        _invctl() {
            local line=${COMP_LINE:0:COMP_POINT} found
            found=$(invctl complete-line bash "$line" 2>/dev/null)
            if [ $? -eq \#(CompletionLine.filesCode) ]; then
                compopt -o default 2>/dev/null
                COMPREPLY=()
                return
            fi
            COMPREPLY=()
            local word
            while IFS= read -r word; do
                [ -n "$word" ] && COMPREPLY+=("$word")
            done <<<"$found"
        }
        complete -o nospace -F _invctl invctl
        """#

    private static let zshText = #"""
        #compdef invctl
        # zsh completion for invctl
        _invctl() {
            local found code
            found=$(invctl complete-line zsh "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
            code=$?
            if (( code == \#(CompletionLine.filesCode) )); then
                _files
                return
            fi
            local -a open closed
            local word
            for word in "${(@f)found}"; do
                case $word in
                    '') ;;
                    *[=/,]) open+=("$word") ;;
                    *) closed+=("$word") ;;
                esac
            done
            compadd -S '' -a open
            compadd -a closed
        }
        if [ "$funcstack[1]" = "_invctl" ]; then _invctl "$@"; else compdef _invctl invctl; fi
        """#

    private static let fishText = #"""
        # fish completion for invctl
        function __invctl_complete
            set -l found (invctl complete-line fish (commandline -cp) 2>/dev/null)
            if test $status -eq \#(CompletionLine.filesCode)
                __fish_complete_path (commandline -ct)
                return
            end
            printf '%s\n' $found
        end
        complete -c invctl -f -a '(__invctl_complete)'
        """#
}
