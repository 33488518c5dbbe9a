#include "parley/gemini/blocking.hpp"

#include <utility>

namespace parley::gemini::blocking {
namespace {

Task<Result<void>> read_pieces(gemini::Models models, std::string model,
                               GenerateContentRequest request, OnPiece on_piece) {
  auto stream = co_await models.stream_generate_content(std::move(model), std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  while (auto piece = co_await stream->next())
    if (!on_piece(*piece)) co_return Result<void>();
  co_return stream->outcome();
}

Task<Result<void>> read_chat(gemini::Chat& chat, std::string text, OnPiece on_piece) {
  auto stream = chat.stream(std::move(text));
  while (auto piece = co_await stream.next())
    if (!on_piece(*piece)) co_return Result<void>();
  co_return stream.outcome();
}

Task<Result<LiveEvent>> receive_with(gemini::Live& live, LiveTools* tools,
                                     std::chrono::milliseconds limit) {
  auto event = co_await live.receive(limit);
  if (event && tools) tools->handle(live, *event);
  co_return event;
}

Task<std::vector<LiveEvent>> receive_all_with(gemini::Live& live, LiveTools* tools) {
  auto events = co_await live.receive_all();
  if (tools)
    for (const auto& event : events) tools->handle(live, event);
  co_return events;
}

}  // namespace

void Chat::add_function(FunctionDeclaration declaration, Functions::Plain run) {
  chat_->add_function(std::move(declaration), std::move(run));
}
Result<GenerateContentResponse> Chat::send(std::string text) {
  return chat_.loop()->run(chat_->send(std::move(text)));
}
Result<GenerateContentResponse> Chat::send(Content turn) {
  return chat_.loop()->run(chat_->send(std::move(turn)));
}
Result<void> Chat::stream(std::string text, OnPiece on_piece) {
  return chat_.loop()->run(read_chat(*chat_, std::move(text), std::move(on_piece)));
}

std::optional<LiveEvent> Live::next() {
  auto& live = *live_;
  return live_.loop()->run(tools_ ? tools_->next(live) : live.next());
}
Result<LiveEvent> Live::receive(std::chrono::milliseconds limit) {
  return live_.loop()->run(receive_with(*live_, tools_.get(), limit));
}
std::vector<LiveEvent> Live::receive_all() {
  return live_.loop()->run(receive_all_with(*live_, tools_.get()));
}

namespace {
// Reads a state that belongs to the loop's thread.
template <class T, class Read>
T read_on(const std::shared_ptr<Loop>& loop, Read read) {
  std::optional<T> value;
  loop->call([&] { value.emplace(read()); });
  return std::move(*value);
}
}  // namespace

Result<void> Live::outcome() const {
  return read_on<Result<void>>(live_.loop(), [this] { return live_->outcome(); });
}
LiveState Live::state() const {
  return read_on<LiveState>(live_.loop(), [this] { return live_->state(); });
}
std::string Live::handle() const {
  return read_on<std::string>(live_.loop(), [this] { return live_->handle(); });
}
Usage Live::usage() const {
  return read_on<Usage>(live_.loop(), [this] { return live_->usage(); });
}

namespace {
// The verbs look at the session before they are a task: on its thread as well.
using Verb = std::function<Task<Result<void>>(gemini::Live&)>;
Task<Result<void>> perform(gemini::Live& live, const Verb& verb) {
  co_return co_await verb(live);
}
Result<void> perform_on(const OnLoop<gemini::Live>& live, const Verb& verb) {
  return live.loop()->run(perform(*live, verb));
}
}  // namespace

Result<void> Live::say(std::string_view text) {
  return perform_on(live_, [text](gemini::Live& live) { return live.say(text); });
}
Result<void> Live::send_turns(std::vector<Content> turns, bool complete) {
  return perform_on(
      live_, [&](gemini::Live& live) { return live.send_turns(std::move(turns), complete); });
}
Result<void> Live::send_turn(std::string_view text) {
  return perform_on(live_, [text](gemini::Live& live) { return live.send_turn(text); });
}
Result<void> Live::send_text(std::string_view text) {
  return perform_on(live_, [text](gemini::Live& live) { return live.send_text(text); });
}
Result<void> Live::send_audio(Bytes pcm, int rate) {
  return perform_on(live_,
                    [&](gemini::Live& live) { return live.send_audio(std::move(pcm), rate); });
}
Result<void> Live::send_image(Bytes image, std::string_view mime_type) {
  return perform_on(
      live_, [&](gemini::Live& live) { return live.send_image(std::move(image), mime_type); });
}
Result<void> Live::end_audio() {
  return perform_on(live_, &gemini::Live::end_audio);
}
Result<void> Live::begin_activity() {
  return perform_on(live_, &gemini::Live::begin_activity);
}
Result<void> Live::end_activity() {
  return perform_on(live_, &gemini::Live::end_activity);
}
Result<void> Live::interrupt() {
  return perform_on(live_, &gemini::Live::interrupt);
}
Result<void> Live::respond(std::vector<FunctionResponse> responses) {
  return perform_on(live_, [&](gemini::Live& live) { return live.respond(std::move(responses)); });
}
Result<void> Live::close() {
  return perform_on(live_, &gemini::Live::close);
}

namespace {
Task<Result<gemini::Client>> make_client(ClientOptions options) {
  co_return gemini::Client::make(std::move(options));
}
}  // namespace

Result<Client> Client::make(ClientOptions options) {
  auto loop = std::make_shared<Loop>();
  auto client = loop->run(make_client(std::move(options)));
  if (!client) return fail(std::move(client.error()));
  return Client(std::move(loop), std::move(*client));
}

Result<GenerateContentResponse> Client::generate_content(std::string model,
                                                         GenerateContentRequest request) const {
  return run(client_->models().generate_content(std::move(model), std::move(request)));
}
Result<void> Client::stream_generate_content(std::string model, GenerateContentRequest request,
                                             OnPiece on_piece) const {
  return run(
      read_pieces(client_->models(), std::move(model), std::move(request), std::move(on_piece)));
}
Result<CountTokensResponse> Client::count_tokens(std::string model,
                                                 std::vector<Content> contents) const {
  const auto models = client_->models();
  return run(models.count_tokens(std::move(model), std::move(contents)));
}
Result<std::vector<std::vector<double>>> Client::embed(std::string model,
                                                       std::vector<std::string> texts,
                                                       int dimensions) const {
  const auto models = client_->models();
  return run(models.embed(std::move(model), std::move(texts), dimensions));
}
Result<std::vector<Model>> Client::list_models() const {
  const auto models = client_->models();
  return run(models.list_all());
}
Result<Model> Client::get_model(std::string model) const {
  const auto models = client_->models();
  return run(models.get(std::move(model)));
}
Chat Client::chat(std::string model) const {
  return Chat(client_.loop(), gemini::Chat(client_->models(), std::move(model)));
}
Result<Live> Client::live(LiveOptions options) const {
  auto live = run(gemini::Live::connect(std::move(options)));
  if (!live) return fail(std::move(live.error()));
  return Live(client_.loop(), std::move(*live));
}
Result<File> Client::upload(std::string bytes, UploadOptions options) const {
  const auto files = client_->files();
  return run(files.upload(std::move(bytes), std::move(options)));
}
Result<File> Client::get_file(std::string name) const {
  const auto files = client_->files();
  return run(files.get(std::move(name)));
}
Result<std::vector<File>> Client::list_files() const {
  const auto files = client_->files();
  return run(files.list_all());
}
Result<void> Client::remove_file(std::string name) const {
  const auto files = client_->files();
  return run(files.remove(std::move(name)));
}

}  // namespace parley::gemini::blocking
