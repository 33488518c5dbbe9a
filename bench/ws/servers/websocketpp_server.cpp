// PORT echo|deflate|broadcast

#include <cstdlib>
#include <set>
#include <string_view>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

struct Config : websocketpp::config::asio {
  static const size_t max_message_size = 64 * 1024 * 1024;
};
struct DeflateConfig : Config {
  struct permessage_deflate_config {};
  typedef websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>
      permessage_deflate_type;
};

template <class C>
void serve(int port, bool broadcast) {
  using Server = websocketpp::server<C>;
  using Handle = websocketpp::connection_hdl;
  Server server;
  std::set<Handle, std::owner_less<Handle>> all;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.clear_error_channels(websocketpp::log::elevel::all);
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_listen_backlog(4096);
  server.set_open_handshake_timeout(0);
  server.set_tcp_post_init_handler([&server](Handle handle) {
    websocketpp::lib::asio::error_code ignored;
    server.get_con_from_hdl(handle)->get_raw_socket().set_option(
        websocketpp::lib::asio::ip::tcp::no_delay(true), ignored);
  });
  if (broadcast) {
    server.set_open_handler([&all](Handle handle) { all.insert(handle); });
    server.set_close_handler([&all](Handle handle) { all.erase(handle); });
    server.set_fail_handler([&all](Handle handle) { all.erase(handle); });
  }
  server.set_message_handler([&](Handle handle, typename Server::message_ptr message) {
    websocketpp::lib::error_code ignored;
    if (!broadcast)
      return server.send(handle, message->get_payload(), message->get_opcode(), ignored);
    for (const auto& member : all)
      server.send(member, message->get_payload(), message->get_opcode(), ignored);
  });
  server.listen("127.0.0.1", std::to_string(port));
  server.start_accept();
  server.run();
}

int main(int, char** argv) {
  const std::string_view mode = argv[2];
  if (mode == "deflate")
    serve<DeflateConfig>(std::atoi(argv[1]), false);
  else
    serve<Config>(std::atoi(argv[1]), mode == "broadcast");
}
