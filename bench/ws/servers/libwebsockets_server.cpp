// PORT echo|deflate|broadcast

#include <cstdlib>
#include <cstring>
#include <deque>
#include <libwebsockets.h>
#include <memory>
#include <set>
#include <string>

namespace {

struct Message {
  std::string bytes;  // behind LWS_PRE bytes of room
  bool binary = false;
};
struct Peer {
  std::string incoming;
  std::deque<std::shared_ptr<Message>> outgoing;
};
bool broadcast = false;
std::set<lws*> all;

int on_event(lws* socket, lws_callback_reasons reason, void* user, void* in, std::size_t size) {
  auto*& peer = *static_cast<Peer**>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      peer = new Peer();
      if (broadcast) all.insert(socket);
      break;
    case LWS_CALLBACK_CLOSED:
      all.erase(socket);
      delete peer;
      break;
    case LWS_CALLBACK_RECEIVE: {
      peer->incoming.append(static_cast<const char*>(in), size);
      if (lws_remaining_packet_payload(socket) > 0 || !lws_is_final_fragment(socket)) break;
      auto message = std::make_shared<Message>();
      message->bytes = std::string(LWS_PRE, '\0') + peer->incoming;
      message->binary = lws_frame_is_binary(socket) != 0;
      peer->incoming.clear();
      const auto send = [&message](lws* to) {
        (*static_cast<Peer**>(lws_wsi_user(to)))->outgoing.push_back(message);
        lws_callback_on_writable(to);
      };
      if (!broadcast) {
        send(socket);
        break;
      }
      for (lws* member : all) send(member);
      break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE: {
      if (peer->outgoing.empty()) break;
      auto& message = *peer->outgoing.front();
      auto* payload = reinterpret_cast<unsigned char*>(message.bytes.data()) + LWS_PRE;
      if (lws_write(socket, payload, message.bytes.size() - LWS_PRE,
                    message.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT) < 0)
        return -1;
      peer->outgoing.pop_front();
      if (!peer->outgoing.empty()) lws_callback_on_writable(socket);
      break;
    }
    default:
      break;
  }
  return 0;
}

}  // namespace

int main(int, char** argv) {
  broadcast = std::strcmp(argv[2], "broadcast") == 0;
  const bool deflate = std::strcmp(argv[2], "deflate") == 0;
  lws_set_log_level(LLL_ERR, nullptr);
  static const lws_protocols protocols[] = {
      {"http", on_event, sizeof(Peer*), 128 * 1024, 0, nullptr, 0},
      {nullptr, nullptr, 0, 0, 0, nullptr, 0}};
  static const lws_extension extensions[] = {
      {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
      {nullptr, nullptr, nullptr}};
  lws_context_creation_info info{};
  info.port = std::atoi(argv[1]);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  if (deflate) info.extensions = extensions;
  info.fd_limit_per_thread = 12'000;
  info.pt_serv_buf_size = 128 * 1024;
  lws_context* context = lws_create_context(&info);
  if (!context) return 1;
  while (lws_service(context, 0) >= 0) continue;
}
