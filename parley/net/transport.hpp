#pragma once

#include <memory>
#include <optional>
#include <string>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

namespace detail {

class TlsSession;

// A connected socket on its way from one owner to another; closed if nobody takes it.
struct RawSocket {
  RawSocket() = default;
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket();
  int socket = -1;
  std::unique_ptr<TlsSession> tls;  // null: plain
};

}  // namespace detail

// A connected byte stream: TCP, or TLS over it. One receive() and one write() may be pending at a
// time. Destroying it closes the socket.
class Transport {
 public:
  virtual ~Transport() = default;

  // Waits for bytes. The view is into a buffer that all connections of the thread share: it is
  // valid until the caller suspends, and may be written to. Empty: the peer has ended its side.
  virtual Task<Result<MutableBytesView>> receive() = 0;
  // Writes all of `data`, which must stay until the task is done.
  virtual Task<Result<void>> write(BytesView data) = 0;
  // Writes what goes without waiting; returns the bytes taken, which may be none.
  virtual Result<std::size_t> write_now(BytesView data) = 0;
  // True where the peer has sent something or has gone: such a connection is not for reuse.
  virtual bool has_input() = 0;
  // Ends our side in order: TLS close_notify, then TCP shutdown of the sending half.
  virtual Task<void> finish() = 0;
  // Drops the connection now; what is pending ends with `cancelled`. Idempotent.
  virtual void close() = 0;
  // Ends a pending receive() with `cancelled`; the connection stays as it is.
  virtual void interrupt() = 0;
  // Gives the socket away; nothing may be pending, and nothing else may be called afterwards. Empty
  // where the connection is gone.
  virtual std::optional<detail::RawSocket> release() = 0;
  virtual Executor executor() = 0;
  // The peer's IP address as text, taken when connected.
  virtual const std::string& peer_address() const = 0;
};

}  // namespace parley::net
