// The blocking form of the client: the emulator runs on a thread of its own.
#include "parley/gemini/blocking.hpp"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/json/value.hpp"

#include "kitchen/types.hpp"

namespace parley {
namespace {

namespace blocking = gemini::blocking;

class GeminiBlocking : public ::testing::Test {
 protected:
  GeminiBlocking() {
    loop_.call([this] {
      emulator::ServerOptions options;
      options.service.pace = std::chrono::milliseconds(0);
      options.live.pace = std::chrono::milliseconds(0);
      options.live.playback = 0;
      server_ = std::make_unique<emulator::Server>(loop_.executor(), options);
      EXPECT_TRUE(server_->start());
      url_ = server_->base_url();
    });
  }
  ~GeminiBlocking() override {
    loop_.call([this] { server_.reset(); });
  }
  blocking::Client client() const {
    gemini::ClientOptions options;
    options.api_key = Secret("k");
    options.base_url = url_;
    return blocking::Client::make(std::move(options)).value();
  }
  gemini::LiveOptions live_options(const char* model) const {
    gemini::LiveOptions options(model);
    options.key = Secret("k");
    options.base_url = url_;
    return options;
  }

  blocking::Loop loop_;
  std::unique_ptr<emulator::Server> server_;
  std::string url_;
};

TEST_F(GeminiBlocking, A38_CallsGiveWhatTheCoroutinesGive) {
  const auto client = this->client();
  const auto answer = client.generate_content("gemini-2.5-flash", gemini::prompt("repeat: hello"));
  EXPECT_EQ(gemini::text_of(answer.value()), "hello");
  std::string text;
  int pieces = 0;
  EXPECT_TRUE(client.stream_generate_content(
      "gemini-2.5-flash", gemini::prompt("write 50 words about rain"), [&](const auto& piece) {
        text += gemini::text_of(piece);
        return ++pieces < 3;
      }));
  EXPECT_EQ(pieces, 3) << "enough";
  EXPECT_FALSE(text.empty());
  EXPECT_GT(client.list_models()->size(), 5u);
  EXPECT_EQ(client.get_model("no-such").error().kind(), ErrorKind::not_found);
  EXPECT_EQ(client.embed("gemini-embedding-001", {"a"}, 128)->at(0).size(), 128u);
  EXPECT_EQ(client.generate_as<kitchen::Recipe>("gemini-2.5-flash", "\"Soup\" for 2")->name,
            "Soup");
  const auto file = client.upload("abc", gemini::UploadOptions("text/plain"));
  EXPECT_EQ(client.list_files()->size(), 1u);
  EXPECT_TRUE(client.remove_file(*file->name));
  EXPECT_EQ(client.run(client.coroutines().models().get("gemini-2.5-flash"))->name,
            "models/gemini-2.5-flash");
}

TEST_F(GeminiBlocking, A38_AChatKeepsItsHistory) {
  const auto client = this->client();
  auto chat = client.chat("gemini-2.5-flash");
  EXPECT_TRUE(chat.send("My name is Bob"));
  auto fork = chat.fork();
  std::string said;
  EXPECT_TRUE(fork.stream("Who am I?", [&](const auto& piece) {
    said += gemini::text_of(piece);
    return true;
  }));
  EXPECT_NE(said.find("Bob"), std::string::npos);
  EXPECT_EQ(chat.history().size(), 2u);
}

TEST_F(GeminiBlocking, A38_ALiveSessionIsReadAndItsToolsRun) {
  const auto client = this->client();
  const auto tools = std::make_shared<gemini::LiveTools>();
  gemini::FunctionDeclaration weather("get_weather");
  weather.behavior = "BLOCKING";
  tools->add(weather, [](const json::Members&) {
    return json::Members(json::Object{{"output", "sunny"}});
  });
  auto options = live_options("gemini-3.8-live");
  options.transcribe();
  tools->declare_in(options);
  auto live = client.live(std::move(options));
  ASSERT_TRUE(live) << live.error().describe();
  live->use(tools);
  EXPECT_TRUE(live->say("the weather please"));
  std::string said;
  for (bool over = false; !over;) {
    const auto event = live->receive();
    ASSERT_TRUE(event) << event.error().describe();
    if (const auto* piece = std::get_if<gemini::LiveTranscript>(&*event)) said += piece->text;
    over = std::holds_alternative<gemini::LiveTurnComplete>(*event);
  }
  EXPECT_NE(said.find("sunny"), std::string::npos) << said;
  EXPECT_EQ(live->receive(std::chrono::milliseconds(1)).error().kind(), ErrorKind::timeout);
  EXPECT_EQ(live->state(), gemini::LiveState::ready);
  EXPECT_GT(live->usage().total, 0);
  EXPECT_TRUE(live->close());
  while (live->next()) continue;
  EXPECT_TRUE(live->outcome());
  EXPECT_EQ(live->send_text("x").error().kind(), ErrorKind::disconnected);
}

TEST_F(GeminiBlocking, A38_SeveralThreadsMayCallAndACallbackMayNot) {
  const auto client = this->client();
  std::vector<std::thread> threads;
  std::vector<std::string> texts(4);
  for (std::size_t i = 0; i < texts.size(); ++i)
    threads.emplace_back([&client, &texts, i] {
      const auto answer = client.generate_content("gemini-2.5-flash",
                                                  gemini::prompt("repeat: " + std::to_string(i)));
      texts[i] = answer ? gemini::text_of(*answer) : answer.error().describe();
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(texts, (std::vector<std::string>{"0", "1", "2", "3"}));
  EXPECT_THROW((void)client.stream_generate_content("gemini-2.5-flash", gemini::prompt("repeat: x"),
                                                    [&](const auto&) {
                                                      (void)client.list_models();
                                                      return true;
                                                    }),
               std::logic_error);
}

TEST(GeminiBlockingErrors, A38_AreValues) {
  gemini::ClientOptions options;
  options.api_key = Secret("k");
  options.base_url = "http://127.0.0.1:1";
  const auto client = blocking::Client::make(options);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->generate_content("m", gemini::prompt("x")).error().kind(),
            ErrorKind::connect_failed);
  options.base_url = "ftp://x";
  EXPECT_EQ(blocking::Client::make(options).error().kind(), ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace parley
