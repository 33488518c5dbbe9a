#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "parley/base/error.hpp"
#include "parley/http/url.hpp"
#include "parley/net/proxy.hpp"
#include "parley/net/task.hpp"

namespace parley::net::detail {

// Speaks with the proxy on `socket` until what is written to it reaches the URL's host. Errors are
// at stage proxy: permission_denied (407, a refused login), connect_failed with the proxy's answer.
Task<Result<void>> open_tunnel(boost::asio::ip::tcp::socket& socket, const http::Url& url,
                               const Proxy& proxy);

}  // namespace parley::net::detail
