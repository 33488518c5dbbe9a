#include "parley/http/parser.hpp"

#include <limits>
#include <utility>

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>

#include "parley/http/detail/header_check.hpp"

namespace parley::http {
namespace {

namespace beast = boost::beast;

// A body that grows as it comes; Beast's own reserves whatever Content-Length claims.
struct GrowingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(beast::http::header<isRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, beast::error_code& code) { code = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, beast::error_code& code) {
      code = {};
      std::size_t size = 0;
      for (const auto buffer : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }
    void finish(beast::error_code& code) { code = {}; }

   private:
    value_type& body_;
  };
};

Error broken(const beast::error_code& code) {
  return Error(ErrorKind::protocol_violation, "the HTTP message is malformed: " + code.message())
      .with_http_status(400);
}

// Both parsers: gathers the header, has it checked, and lets Beast read header and body.
template <bool isRequest>
class Core {
 public:
  explicit Core(const ParserLimits& limits) : limits_(limits) { reset(); }

  Result<std::size_t> receive(std::string_view input) {
    std::size_t used = 0;
    if (!parser_->is_header_done()) {
      auto taken = take_header(input);
      if (!taken || !parser_->is_header_done()) return taken;
      used = *taken;
    }
    auto body = take_body_bytes(input.substr(used));
    if (!body) return body;
    return used + *body;
  }

  void reset() {
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(boost::none);
    parser_->header_limit(std::numeric_limits<std::uint32_t>::max());
    header_.clear();
    pending_.clear();
  }

  auto& parser() { return *parser_; }
  const auto& parser() const { return *parser_; }
  bool started() const { return !header_.empty() || parser_->is_header_done(); }

  std::string take_body() {
    taken_ += parser_->get().body().size();
    return std::exchange(parser_->get().body(), {});
  }

 private:
  Result<std::size_t> take_header(std::string_view input) {
    const std::size_t known = header_.size();
    header_ += input;
    // An empty line before a request is left over from an old client (RFC 9112, 2.2).
    if (isRequest)
      while (header_.starts_with("\r\n")) header_.erase(0, 2);
    const auto end = header_.find("\r\n\r\n", known < 4 ? 0 : known - 3);
    if (end == std::string::npos) {
      auto partial = detail::check_partial_header(header_, limits_, isRequest);
      if (!partial) return fail(std::move(partial.error()));
      return input.size();
    }
    const std::size_t surplus = header_.size() - (end + 4);
    header_.resize(end + 4);
    auto checked = isRequest ? detail::check_request_header(header_, limits_)
                             : detail::check_response_header(header_, limits_);
    if (!checked) return fail(std::move(checked.error()));
    beast::error_code code;
    parser_->put(boost::asio::buffer(header_), code);
    if (code && code != beast::http::error::need_more) return fail(broken(code));
    if (!parser_->is_header_done()) return fail(broken(beast::http::error::bad_field));
    if (const auto length = parser_->content_length(); length && *length > limits_.max_body)
      return fail(too_large());
    return input.size() - surplus;
  }

  // Returns how much of `input` belongs to this message.
  Result<std::size_t> take_body_bytes(std::string_view input) {
    std::string joined;
    std::string_view data = input;
    if (!pending_.empty()) {
      joined = pending_ + std::string(input);
      data = joined;
    }
    pending_.clear();
    while (!parser_->is_done() && !data.empty()) {
      beast::error_code code;
      const std::size_t used = parser_->put(boost::asio::buffer(data.data(), data.size()), code);
      data.remove_prefix(used);
      if (parser_->get().body().size() + taken_ > limits_.max_body) return fail(too_large());
      if (code == beast::http::error::need_more || (!code && used == 0)) {
        if (data.size() > 16 * 1024) return fail(broken(beast::http::error::bad_chunk));
        pending_ = data;  // the beginning of a chunk's header
        return input.size();
      }
      if (code) return fail(broken(code));
    }
    return input.size() - data.size();
  }

  Error too_large() const {
    return Error(ErrorKind::too_large, fmt::format("the body is over {} bytes", limits_.max_body))
        .with_http_status(413);
  }

  ParserLimits limits_;
  std::optional<beast::http::parser<isRequest, GrowingBody>> parser_;
  std::string header_;
  std::string pending_;
  std::size_t taken_ = 0;  // bytes of the body that were taken already
};

template <class Message>
void copy_fields(Message& to, const beast::http::fields& from) {
  for (const auto& field : from)
    to.headers.add({field.name_string().data(), field.name_string().size()},
                   {field.value().data(), field.value().size()});
}

std::string_view text_of(BytesView bytes) {
  return as_text(bytes);
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(const ParserLimits& limits) : core(limits) {}
  Core<true> core;
  Request request;
};

RequestParser::RequestParser(const ParserLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

Result<std::size_t> RequestParser::receive(BytesView input) {
  const bool had_header = header_done();
  auto used = impl_->core.receive(text_of(input));
  if (header_done() && !had_header) {
    const auto& message = impl_->core.parser().get();
    impl_->request.method = message.method_string();
    impl_->request.target = message.target();
    impl_->request.version = static_cast<int>(message.version());
    copy_fields(impl_->request, message);
  }
  return used;
}

bool RequestParser::started() const {
  return impl_->core.started();
}
bool RequestParser::header_done() const {
  return impl_->core.parser().is_header_done();
}
bool RequestParser::done() const {
  return impl_->core.parser().is_done();
}
const Request& RequestParser::request() const {
  return impl_->request;
}
bool RequestParser::keep_alive() const {
  return impl_->core.parser().keep_alive();
}
Request RequestParser::take() {
  impl_->request.body = impl_->core.take_body();
  return std::move(impl_->request);
}

struct ResponseParser::Impl {
  Impl(const ParserLimits& limits, bool to_head_request) : core(limits), to_head(to_head_request) {
    core.parser().skip(to_head);
  }
  Core<false> core;
  Response response;
  bool to_head;
  bool ready = false;  // the final header is there
};

ResponseParser::ResponseParser(const ParserLimits& limits, bool to_head)
    : impl_(std::make_unique<Impl>(limits, to_head)) {}
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::receive(BytesView input) {
  std::size_t total = 0;
  for (;;) {
    auto used = impl_->core.receive(text_of(input.subspan(total)));
    if (!used) return used;
    total += *used;
    if (impl_->ready || !impl_->core.parser().is_header_done()) return total;
    const auto& message = impl_->core.parser().get();
    const int status = static_cast<int>(message.result_int());
    if (status / 100 == 1 && status != 101) {  // interim: the answer is still to come
      impl_->core.reset();
      impl_->core.parser().skip(impl_->to_head);
      if (total == input.size()) return total;
      continue;
    }
    impl_->ready = true;
    impl_->response.status = status;
    impl_->response.reason = message.reason();
    impl_->response.version = static_cast<int>(message.version());
    copy_fields(impl_->response, message);
    return total;
  }
}

Result<void> ResponseParser::finish() {
  if (done()) return {};
  beast::error_code code;
  if (header_done() && impl_->core.parser().need_eof()) {
    impl_->core.parser().put_eof(code);
    if (!code) return {};
  }
  return fail(Error(ErrorKind::disconnected,
                    header_done() ? "the connection ended in the middle of the answer's body"
                                  : "the connection ended before the answer's header was complete")
                  .with_stage(Stage::receive));
}

bool ResponseParser::header_done() const {
  return impl_->ready;
}
bool ResponseParser::done() const {
  return impl_->ready && impl_->core.parser().is_done();
}
const Response& ResponseParser::response() const {
  return impl_->response;
}
std::string ResponseParser::take_body() {
  return impl_->ready ? impl_->core.take_body() : std::string();
}
Response ResponseParser::take() {
  impl_->response.body = impl_->core.take_body();
  return std::move(impl_->response);
}
bool ResponseParser::keep_alive() const {
  return impl_->ready && impl_->core.parser().keep_alive() && !impl_->core.parser().need_eof();
}

}  // namespace parley::http
