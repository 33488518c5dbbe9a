// PORT echo|deflate|broadcast
import { WebSocket, WebSocketServer } from 'ws';

const [port, mode] = process.argv.slice(2);
const server = new WebSocketServer({
  host: '127.0.0.1', port: Number(port), backlog: 4096, maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: mode === 'deflate' ? { threshold: 64, zlibDeflateOptions: { level: 6 } } : false,
});
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    if (mode !== 'broadcast') return socket.send(data, { binary: isBinary });
    for (const client of server.clients)
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
  });
});
