// Files, caches, embeddings and chats of the Gemini client, beside the emulator.
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/chat.hpp"
#include "parley/gemini/media.hpp"
#include "parley/json/value.hpp"

namespace parley {
namespace {

constexpr const char* kModel = "gemini-3.5-flash";

using Body = Task<void> (*)(emulator::Server& server, gemini::Client client);
Task<void> start_and_run(Body body) {
  emulator::Server server(co_await boost::asio::this_coro::executor, emulator::ServerOptions());
  EXPECT_TRUE(server.start());
  gemini::ClientOptions options;
  options.api_key = Secret("k");
  options.base_url = server.base_url();
  co_await body(server, gemini::Client::make(std::move(options)).value());
  co_await server.stop();
}

Task<void> files(emulator::Server& server, gemini::Client client) {
  std::string bytes(700'000, 'x');
  gemini::UploadOptions options("text/plain");
  options.display_name = "many";
  options.piece = 256 * 1024;
  std::vector<std::size_t> sent;
  options.progress = [&sent](std::size_t so_far, std::size_t) { sent.push_back(so_far); };
  const auto files = client.files();
  auto file = co_await files.upload(bytes, std::move(options));
  EXPECT_TRUE(file) << file.error().describe();
  if (!file) co_return;
  EXPECT_EQ(sent, (std::vector<std::size_t>{262'144, 524'288, 700'000}));
  EXPECT_EQ(file->size_bytes->text, "700000");
  EXPECT_EQ(file->state, gemini::FileState::active);
  EXPECT_EQ((co_await files.get(*file->name))->display_name, "many");
  EXPECT_EQ((co_await files.list_all())->size(), 1u);
  EXPECT_TRUE(co_await files.remove(*file->name));
  const auto gone = co_await files.get(*file->name);
  EXPECT_EQ(gone.error().kind(), ErrorKind::permission_denied);
  // A piece that fails ends the upload.
  emulator::Fault fault;
  fault.status = 503;
  server.service().inject(emulator::Fault());
  server.service().inject(fault);
  const auto failed = co_await files.upload("abc", gemini::UploadOptions("text/plain"));
  EXPECT_EQ(failed.error().kind(), ErrorKind::unavailable);
}
TEST(GeminiFiles_A39, AreUploadedInPiecesListedAndRemoved) {
  run(start_and_run(files));
}

Task<void> caches(emulator::Server&, gemini::Client client) {
  gemini::CachedContent wanted;
  wanted.model = "models/gemini-2.5-flash";
  wanted.contents.emplace().push_back(gemini::user_content(std::string(6000, 'a')));
  wanted.ttl = "60s";
  const auto caches = client.caches();
  auto cache = co_await caches.create(wanted);
  EXPECT_TRUE(cache) << cache.error().describe();
  if (!cache) co_return;
  auto longer = co_await caches.keep_for(*cache->name, 3600);
  EXPECT_GT(*longer->expire_time, *cache->expire_time);
  EXPECT_EQ((co_await caches.list_all())->size(), 1u);
  auto request = gemini::prompt("Hello");
  request.cached_content = *cache->name;
  auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
  EXPECT_EQ(answer->usage_metadata->cached_content_token_count, 1500);
  EXPECT_GT(answer->usage_metadata->prompt_token_count, 1500);
  EXPECT_TRUE(co_await caches.remove(*cache->name));
  EXPECT_FALSE(co_await caches.get(*cache->name));
}
TEST(GeminiCaches_A39, AreMadeUsedProlongedAndRemoved) {
  run(start_and_run(caches));
}

Task<void> cached_file(emulator::Server&, gemini::Client client) {
  gemini::UploadOptions options("text/plain");
  auto file = co_await client.files().upload(std::string(8000, 'a'), std::move(options));
  EXPECT_TRUE(file) << file.error().describe();
  if (!file) co_return;
  gemini::CachedContent wanted;
  wanted.model = "models/gemini-2.5-flash";
  auto& turn = wanted.contents.emplace().emplace_back();
  turn.parts.emplace().push_back(gemini::media_part_of(*file));
  auto cache = co_await client.caches().create(wanted);
  EXPECT_TRUE(cache) << cache.error().describe();
  if (!cache) co_return;
  EXPECT_EQ(cache->usage_metadata->total_token_count, 2000);
  auto request = gemini::prompt("abcdefgh");
  request.contents->front().parts->push_back(gemini::media_part_of(*file));
  auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
  EXPECT_EQ(answer->usage_metadata->prompt_token_count, 2002);
  EXPECT_EQ(
      (co_await client.models().count_tokens("gemini-2.5-flash", *request.contents))->total_tokens,
      2002);
  EXPECT_TRUE(co_await client.files().remove(*file->name));
  const auto gone = co_await client.models().generate_content("gemini-2.5-flash", request);
  EXPECT_EQ(gone.error().kind(), ErrorKind::permission_denied);
  EXPECT_FALSE(co_await client.caches().create(wanted));
}
TEST(GeminiCaches_A39, TheTokensOfFilesCount) {
  run(start_and_run(cached_file));
}

Task<void> embeddings(emulator::Server&, gemini::Client client) {
  std::vector<std::string> texts = {"red apple", "green apple", "fast car"};
  auto all = co_await client.models().embed("gemini-embedding-001", texts, 128);
  EXPECT_TRUE(all) << all.error().describe();
  if (!all) co_return;
  const auto along = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < 128; ++i) sum += (*all)[a][i] * (*all)[b][i];
    return sum;
  };
  EXPECT_EQ(all->size(), 3u);
  EXPECT_GT(along(0, 1), along(0, 2));
}
TEST(GeminiEmbeddings_A39, PointTheSameWayForTextsThatShareWords) {
  run(start_and_run(embeddings));
}

Task<void> chat(emulator::Server& server, gemini::Client client) {
  gemini::Chat chat(client.models(), kModel);
  int asked = 0;
  gemini::FunctionDeclaration weather("get_weather");
  weather.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  chat.add_function(weather, [&asked](const json::Members& arguments) {
    ++asked;
    if (json::to_string(*arguments) != R"({"city":"Oslo"})")
      throw std::runtime_error("no such city");
    return json::Members(json::Object{{"output", "sunny"}});
  });
  auto answer = co_await chat.send("What is the weather in Oslo?");
  EXPECT_TRUE(answer) << answer.error().describe();
  if (!answer) co_return;
  EXPECT_NE(gemini::text_of(*answer).find("sunny"), std::string::npos);
  EXPECT_EQ(chat.history().size(), 4u) << "question, call, result, answer";
  const auto& call = gemini::parts_of(chat.history()[1])[0];
  EXPECT_TRUE(call.thought_signature) << "goes back as it came";
  EXPECT_EQ(gemini::parts_of(chat.history()[2])[0].function_response->id, call.function_call->id);
  answer = co_await chat.send("And the weather in Rome?");
  EXPECT_NE(gemini::text_of(*answer).find("no such city"), std::string::npos);
  EXPECT_EQ(asked, 2);
  // A message that fails leaves no trace.
  emulator::Fault fault;
  fault.status = 503;
  server.service().inject(fault);
  EXPECT_FALSE(co_await chat.send("My name is Ann"));
  EXPECT_EQ(chat.history().size(), 8u);
  chat.set_max_rounds(0);
  answer = co_await chat.send("The weather in Paris?");
  EXPECT_TRUE(gemini::parts_of(*gemini::candidates_of(*answer)[0].content)[0].function_call);
}
TEST(GeminiChat_A39, RunsFunctionsAndKeepsItsHistory) {
  run(start_and_run(chat));
}

}  // namespace
}  // namespace parley
