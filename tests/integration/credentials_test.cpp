// Every kind of credentials beside the emulator's authorization server and its Vertex AI.
#include "parley/base/text.hpp"
#include "parley/gemini/backend.hpp"

#include "vertex_house.hpp"

namespace parley {
namespace {

using testing::in_vertex;
using testing::VertexHouse;
using Tokens = std::shared_ptr<api::TokenSource>;

constexpr const char* kModel = "gemini-2.5-flash";
constexpr std::string_view kUser =
    R"({"type":"authorized_user","client_id":"client-1","client_secret":"canary-client-secret",
    "refresh_token":"canary-refresh-token","token_uri":"@/token","quota_project_id":"payer"})";
constexpr std::string_view kImpersonation =
    "@/v1/projects/-/serviceAccounts/other@p.iam.gserviceaccount.com:generateAccessToken";

Task<std::string> asked_with(VertexHouse& house, Tokens tokens) {
  auto request = gemini::prompt("repeat: hello");
  auto answer = co_await house.client(std::move(tokens)).models().generate_content(kModel, request);
  co_return answer ? gemini::text_of(*answer) : answer.error().describe();
}

std::string external(const std::string& rest) {
  return R"({"type":"external_account","audience":"//iam.googleapis.com/pool","subject_token_type":
      "urn:ietf:params:oauth:token-type:jwt","token_url":"@/v1/token",)" +
         rest + "}";
}

Task<void> each_kind(VertexHouse& house) {
  const std::string user(kUser), impersonation(kImpersonation);
  const auto subject = house.file("subject.txt", "canary-subject-token\n");
  const auto subject_json = house.file("subject.json", R"({"id_token":"canary-subject-token"})");
  const std::vector<std::string> files = {
      house.service_account(), house.file("user.json", user),
      house.file("external.json", external(R"("credential_source":{"file":")" + subject + "\"}")),
      house.file("external2.json",
                 external(R"("service_account_impersonation_url":")" + impersonation +
                          R"(","credential_source":{"file":")" + subject_json +
                          R"(","format":{"type":"json","subject_token_field_name":"id_token"}})")),
      house.file("impersonated.json",
                 R"({"type":"impersonated_service_account","service_account_impersonation_url":")" +
                     impersonation + R"(","source_credentials":)" + user + "}")};
  for (const auto& path : files) {
    auto tokens = api::tokens_of_file(path, house.token_options());
    EXPECT_TRUE(tokens) << tokens.error().describe();
    if (!tokens) continue;
    EXPECT_EQ(co_await asked_with(house, *tokens), "hello") << path;
    EXPECT_EQ(co_await asked_with(house, *tokens), "hello") << path;
  }
  // One token each, and a second one where one account stands for another.
  EXPECT_EQ(house.events.size(), 2 * files.size());
  EXPECT_EQ(house.asked("generateAccessToken"), 2u);
}
TEST(Credentials_B13, EachKindOfFileGetsATokenAndIsAnswered) {
  in_vertex(each_kind);
}

Task<void> own_jwt(VertexHouse& house) {
  auto options = house.token_options();
  options.self_signed = true;
  auto tokens = api::tokens_of_file(house.service_account(), std::move(options));
  EXPECT_EQ(co_await asked_with(house, *tokens), "hello");
  EXPECT_EQ(house.asked("/token"), 0u);
}
TEST(Credentials_B13, AServiceAccountSignsItsTokenItself) {
  in_vertex(own_jwt);
}

Task<Result<api::AccessToken>> no_token() {
  co_return fail(ErrorKind::unavailable, "the vault is closed");
}
Task<void> given(VertexHouse& house) {
  const auto real = co_await house.tokens()->token();
  EXPECT_EQ(co_await asked_with(house, api::TokenSource::fixed(*real)), "hello");
  EXPECT_EQ(co_await asked_with(house, api::TokenSource::make("vault", [] { return no_token(); })),
            "unavailable: the vault is closed");
  const auto refused = co_await asked_with(house, api::TokenSource::fixed(Secret("other")));
  EXPECT_NE(refused.find("unauthenticated"), std::string::npos) << refused;
}
TEST(Credentials_B13, ATokenOrAFunctionMayBeGiven) {
  in_vertex(given);
}

api::MetadataServer machine(const VertexHouse& house) {
  api::MetadataServer server;
  server.host = house.server->base_url().substr(7);
  server.address.clear();
  return server;
}
Task<void> metadata(VertexHouse& house) {
  const auto server = machine(house);
  EXPECT_TRUE(co_await api::is_there(server));
  EXPECT_EQ((co_await api::project_of(server)).value(), "machine-project");
  EXPECT_EQ(co_await asked_with(house, api::metadata_tokens(server, house.token_options())),
            "hello");
  // The Gemini service is there, and is no metadata server.
  house.server->service().inject(emulator::Fault());
  emulator::Fault fault;
  fault.status = 500;
  house.server->service().inject(fault);
  EXPECT_TRUE(co_await api::is_there(server));
  EXPECT_FALSE(co_await api::is_there(server));
}
TEST(Credentials_B13, AMachineAsksItsMetadataServer) {
  in_vertex(metadata);
}

api::Environment with(std::vector<std::pair<std::string, std::string>> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    for (const auto& [key, value] : variables)
      if (key == name) return value;
    return std::nullopt;
  };
}

Task<void> in_order(VertexHouse& house) {
  const auto account = house.service_account();
  const std::string user(kUser);
  (void)house.file("application_default_credentials.json", user);
  const std::pair<std::string, std::string> by_name("GOOGLE_APPLICATION_CREDENTIALS", account),
      folder("CLOUDSDK_CONFIG", house.folder.path()),
      server("GCE_METADATA_HOST", house.server->base_url().substr(7));
  const auto name_of = [&](const api::Environment& environment) {
    const auto tokens = api::default_tokens(environment, house.token_options());
    return tokens ? (*tokens)->name() : tokens.error().describe();
  };
  EXPECT_EQ(name_of(with({by_name, folder, server})),
            "service account emulator@parley-test.iam.gserviceaccount.com");
  EXPECT_EQ(name_of(with({folder, server})), "authorized user");
  EXPECT_EQ(name_of(with({server})), "metadata server");
  auto tokens = api::default_tokens(with({server}), house.token_options());
  EXPECT_EQ(co_await asked_with(house, *tokens), "hello");
  // A file that is named and wrong is an error, not a reason to look further.
  EXPECT_EQ(name_of(with({{"GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json"}, folder})),
            "not_found: GOOGLE_APPLICATION_CREDENTIALS: cannot read /nowhere/key.json");
  const auto bad = house.file("bad.json", R"({"type":"service_account"})");
  EXPECT_EQ(name_of(with({{"GOOGLE_APPLICATION_CREDENTIALS", bad}, folder})),
            "invalid_argument: GOOGLE_APPLICATION_CREDENTIALS: " + bad +
                ": the credentials: client_email is missing");
  // Nothing anywhere: what was looked for is listed.
  auto none = api::default_tokens(
      with({{"GCE_METADATA_HOST", "127.0.0.1:1"}, {"HOME", "/nowhere"}}), house.token_options());
  const auto why = (co_await (*none)->token()).error();
  EXPECT_EQ(why.kind(), ErrorKind::missing_credentials);
  for (const char* part : {"GOOGLE_APPLICATION_CREDENTIALS is not set",
                           "/nowhere/.config/gcloud/application_default_credentials.json",
                           "127.0.0.1:1", "gcloud auth"})
    EXPECT_NE(why.message().find(part), std::string::npos) << why.message();
}
TEST(Credentials_B13, DefaultCredentialsAreLookedForInTheirOrder) {
  in_vertex(in_order);
}

Task<void> refusals(VertexHouse& house) {
  const std::string user(kUser);
  const auto told = [&](const std::string& text) -> std::string {
    auto tokens = api::tokens_of_file(house.file("c.json", text), house.token_options());
    return tokens ? "" : tokens.error().describe();
  };
  EXPECT_NE(told("{"), "");
  auto revoked = user;
  revoked.replace(revoked.find("canary-refresh-token"), 20, "canary-revoked-token");
  auto tokens = api::tokens_of_file(house.file("r.json", revoked), house.token_options());
  const auto error = (co_await (*tokens)->token()).error();
  EXPECT_EQ(error.kind(), ErrorKind::unauthenticated);
  EXPECT_EQ(error.service_status(), "invalid_grant");
  EXPECT_EQ(error.message(),
            "authorized user: the token server answered 400: invalid_grant: Token has been expired "
            "or revoked.");
  // A clock that is an hour ahead signs what the server does not take.
  auto ahead = std::make_shared<testing::HandClock>();
  ahead->wall = house.clock->wall + std::chrono::hours(1);
  auto options = house.token_options();
  options.policy.clock = ahead;
  auto late = api::tokens_of_file(house.service_account(), std::move(options));
  EXPECT_EQ((co_await (*late)->token()).error().service_status(), "invalid_grant");
  // Another account's signature.
  const auto other = emulator::make_service_account("parley-test", "@/token");
  auto forged =
      api::tokens_of_file(house.file("f.json", other->json.reveal()), house.token_options());
  EXPECT_NE((co_await (*forged)->token()).error().message().find("Invalid JWT Signature."),
            std::string::npos);
}
TEST(Credentials_B8, ARefusedCredentialIsToldInTheServersWords) {
  in_vertex(refusals);
}

Task<void> canaries(VertexHouse& house) {
  const std::string user(kUser), impersonation(kImpersonation);
  const auto subject = house.file("subject.txt", "canary-subject-token");
  std::vector<Secret> given;
  for (const auto& path :
       {house.service_account(), house.file("user.json", user),
        house.file("external.json",
                   external(R"("service_account_impersonation_url":")" + impersonation +
                            R"(","credential_source":{"file":")" + subject + "\"}"))}) {
    auto tokens = api::tokens_of_file(path, house.token_options());
    auto token = co_await (*tokens)->token();
    EXPECT_TRUE(token) << token.error().describe();
    if (token) given.push_back(*token);
    EXPECT_EQ(co_await asked_with(house, *tokens), "hello");
  }
  std::string all = house.all_told();
  house.server->service().inject(emulator::Fault());
  EXPECT_NE(all.find("grant_type"), std::string::npos);
  EXPECT_EQ(all.find("canary"), std::string::npos) << all;
  EXPECT_EQ(all.find("eyJ"), std::string::npos) << all;  // the beginning of each JWT
  EXPECT_EQ(all.find("PRIVATE KEY"), std::string::npos);
  for (const auto& token : given) EXPECT_EQ(all.find(token.reveal()), std::string::npos);
}
TEST(Credentials_B10, NoKeyAndNoTokenIsInEventsOrTheJournal) {
  in_vertex(canaries);
}

Task<void> quota(VertexHouse& house) {
  const std::string user(kUser);
  auto tokens = api::tokens_of_file(house.file("user.json", user), house.token_options());
  EXPECT_EQ(co_await asked_with(house, *tokens), "hello");
  const auto& headers = house.server->service().journal().back().headers;
  EXPECT_EQ(headers.find("x-goog-user-project").value_or(""), "payer");
  EXPECT_FALSE(headers.find("x-goog-api-key"));
}
TEST(Credentials_2_3, TheQuotasProjectGoesAlong) {
  in_vertex(quota);
}

}  // namespace
}  // namespace parley
