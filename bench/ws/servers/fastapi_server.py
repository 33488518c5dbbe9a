"""PORT echo|deflate|broadcast"""
import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

port, mode = int(sys.argv[1]), sys.argv[2]
app = FastAPI()
everybody = set()


@app.websocket("/")
async def serve(socket: WebSocket):
    await socket.accept()
    everybody.add(socket)
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
            text, data = message.get("text"), message.get("bytes")
            for member in list(everybody) if mode == "broadcast" else [socket]:
                if text is not None:
                    await member.send_text(text)
                else:
                    await member.send_bytes(data)
    except WebSocketDisconnect:
        pass
    finally:
        everybody.discard(socket)


uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", ws="websockets", backlog=4096,
            ws_max_size=64 * 1024 * 1024, ws_ping_interval=None, ws_per_message_deflate=mode == "deflate")
