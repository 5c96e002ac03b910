"""The first system's stack, reduced to its essentials: Flask-SocketIO over DuckDB, one file, one process.

    flask_stack.py serve PORT FILE      the server
    flask_stack.py measure PORT SECONDS two clients: one sells, the other is notified

A sale is a POST: check and decrement in a transaction, a ledger row, then an emit to all clients. `measure`
prints updates/s and the p50 and p99, in microseconds, from sending the sale until the other client has it.
"""

import sys
import threading
import time


def serve(port, path):
    import duckdb
    from flask import Flask, jsonify, request
    from flask_socketio import SocketIO

    app = Flask(__name__)
    socket = SocketIO(app, async_mode="threading", cors_allowed_origins="*")
    database = duckdb.connect(path)
    database.execute("CREATE TABLE product (id INTEGER PRIMARY KEY, price BIGINT, stock BIGINT)")
    database.execute("CREATE TABLE sale (product INTEGER, quantity BIGINT, price BIGINT, sold_at TIMESTAMP)")
    database.execute("INSERT INTO product SELECT n, 1999, 100000000000 FROM range(1, 1001) t(n)")
    lock = threading.Lock()

    @app.post("/sell")
    def sell():
        wanted = request.get_json()
        with lock:
            cursor = database.cursor()
            cursor.execute("BEGIN")
            row = cursor.execute("SELECT stock, price FROM product WHERE id = ?", [wanted["id"]]).fetchone()
            if row is None or row[0] < wanted["quantity"]:
                cursor.execute("ROLLBACK")
                return jsonify(error="insufficient"), 409
            cursor.execute(
                "UPDATE product SET stock = stock - ? WHERE id = ?", [wanted["quantity"], wanted["id"]]
            )
            cursor.execute(
                "INSERT INTO sale VALUES (?, ?, ?, now()::TIMESTAMP)",
                [wanted["id"], wanted["quantity"], row[1]],
            )
            cursor.execute("COMMIT")
        left = row[0] - wanted["quantity"]
        socket.emit("stock", {"id": wanted["id"], "stock": left, "sent": wanted["sent"]})
        return jsonify(stock=left)

    socket.run(app, host="127.0.0.1", port=port, allow_unsafe_werkzeug=True)


def measure(port, seconds):
    import random

    import requests
    import socketio

    url = f"http://127.0.0.1:{port}"
    latencies = []
    heard = threading.Event()
    client = socketio.Client()

    @client.on("stock")
    def stock(event):
        latencies.append(time.perf_counter() - event["sent"])
        heard.set()

    client.connect(url, transports=["websocket"])
    session = requests.Session()
    end = time.perf_counter() + 1 + seconds
    begin = end - seconds
    count = 0
    while time.perf_counter() < end:
        if time.perf_counter() < begin:
            latencies.clear()
            count = 0
        heard.clear()
        wanted = {"id": random.randint(1, 1000), "quantity": 1, "sent": time.perf_counter()}
        session.post(url + "/sell", json=wanted).raise_for_status()
        heard.wait(5)
        count += 1
    client.disconnect()
    latencies.sort()
    p50 = latencies[len(latencies) // 2] * 1e6
    p99 = latencies[len(latencies) * 99 // 100] * 1e6
    print(f"{count / seconds:.0f} {p50:.0f} {p99:.0f}")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), sys.argv[3])
    else:
        measure(int(sys.argv[2]), float(sys.argv[3]))
