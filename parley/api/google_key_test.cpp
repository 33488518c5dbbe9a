#include "parley/api/google_key.hpp"

#include <gtest/gtest.h>

namespace parley::api {
namespace {

std::string mistake(std::string_view text) {
  const auto key = read_google_key(text);
  return key ? "none" : key.error().message();
}

TEST(GoogleKey_B13, AServiceAccountIsRead) {
  const auto key = read_google_key(R"({"type":"service_account","project_id":"p",
      "private_key_id":"k1","private_key":"-----BEGIN PRIVATE KEY-----\nAA\n","client_id":"1",
      "client_email":"a@p.iam.gserviceaccount.com","auth_uri":"https://accounts.google.com/o/oauth2/auth",
      "token_uri":"http://127.0.0.1:8090/token","universe_domain":"googleapis.com"})");
  ASSERT_TRUE(key) << key.error().describe();
  const auto& account = std::get<ServiceAccountKey>(key->kind);
  EXPECT_EQ(account.client_email, "a@p.iam.gserviceaccount.com");
  EXPECT_EQ(account.token_uri, "http://127.0.0.1:8090/token");
  EXPECT_EQ(account.private_key.reveal(), "-----BEGIN PRIVATE KEY-----\nAA\n");
  EXPECT_EQ(key->project(), "p");
  EXPECT_EQ(key->quota_project(), "");
}

TEST(GoogleKey_B13, APersonsFileOfGcloudIsRead) {
  const auto key = read_google_key(R"({"type":"authorized_user","account":"","client_id":"c",
      "client_secret":"s","refresh_token":"r","quota_project_id":"q","universe_domain":"googleapis.com"})");
  ASSERT_TRUE(key);
  const auto& user = std::get<AuthorizedUser>(key->kind);
  EXPECT_EQ(user.token_uri, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(user.refresh_token.reveal(), "r");
  EXPECT_EQ(key->quota_project(), "q");
}

TEST(GoogleKey_B13, AnExternalAccountHasAFileOrAUrl) {
  const std::string head = R"({"type":"external_account","audience":"//iam/p","subject_token_type":
      "urn:ietf:params:oauth:token-type:jwt","token_url":"https://sts.googleapis.com/v1/token",)";
  const auto file = read_google_key(head + R"("credential_source":{"file":"/var/token"}})");
  ASSERT_TRUE(file);
  EXPECT_EQ(std::get<ExternalAccount>(file->kind).source_file, "/var/token");
  const auto url = read_google_key(
      head + R"("service_account_impersonation":{"token_lifetime_seconds":1200},"credential_source":
      {"url":"http://169.254.169.254/m","headers":{"Metadata":"true"},
       "format":{"type":"json","subject_token_field_name":"access_token"}}})");
  ASSERT_TRUE(url) << url.error().describe();
  const auto& account = std::get<ExternalAccount>(url->kind);
  EXPECT_EQ(account.source_field, "access_token");
  EXPECT_EQ(account.source_headers.at(0).first, "Metadata");
  EXPECT_EQ(account.impersonation_life, std::chrono::seconds(1200));
  EXPECT_EQ(mistake(head + R"("credential_source":{"environment_id":"aws1"}})"),
            "the credentials: credential_source.environment_id is a source (AWS) that Parley does "
            "not support; a file or a URL is, or a callback that gives the token");
  EXPECT_EQ(mistake(head + R"("credential_source":{"executable":{"command":"x"}}})")
                .find("the credentials: credential_source.executable is a source (a program)"),
            0u);
  EXPECT_EQ(mistake(head + R"("credential_source":{}})"),
            "the credentials: credential_source.file or url must be there, one of them");
  EXPECT_EQ(mistake(head + R"("credential_source":{"file":"a","format":{"type":"json"}}})"),
            "the credentials: credential_source.format.subject_token_field_name is missing");
}

TEST(GoogleKey_B13, AnAccountStandsForAnotherButNotForAChain) {
  const std::string source =
      R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"})";
  const std::string whole =
      R"({"type":"impersonated_service_account","delegates":["d"],"service_account_impersonation_url":
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/x:generateAccessToken",
      "source_credentials":)";
  const auto key = read_google_key(whole + source + "}");
  ASSERT_TRUE(key) << key.error().describe();
  const auto& account = std::get<ImpersonatedAccount>(key->kind);
  EXPECT_EQ(account.delegates, std::vector<std::string>{"d"});
  EXPECT_TRUE(std::holds_alternative<AuthorizedUser>(account.source->kind));
  EXPECT_EQ(mistake(whole + whole + source + "}}"),
            "the credentials: source_credentials.type is none of service_account, authorized_user "
            "and external_account");
}

TEST(GoogleKey_B13, WhatIsWrongIsNamedByItsPlace) {
  EXPECT_EQ(mistake("[]"), "the credentials are no JSON object");
  EXPECT_EQ(mistake("{"),
            "the credentials are no JSON: " + read_google_key("{").error().message().substr(29));
  EXPECT_EQ(mistake("{}"), "the credentials: type is missing");
  EXPECT_EQ(mistake(R"({"type":"gdch_service_account"})"),
            "the credentials: type is none of service_account, authorized_user, external_account "
            "and impersonated_service_account");
  EXPECT_EQ(mistake(R"({"type":"service_account"})"), "the credentials: client_email is missing");
  EXPECT_EQ(mistake(R"({"type":"service_account","client_email":7})"),
            "the credentials: client_email must be a string");
  EXPECT_EQ(mistake(R"({"type":"service_account","client_email":"a","private_key":""})"),
            "the credentials: private_key must not be empty");
  EXPECT_EQ(mistake(R"({"type":"service_account","client_email":"a\r\u0001","private_key":"k"})"),
            "the credentials: client_email has a control character");
}

TEST(GoogleKey_B10, SecretsGoOverTlsOrNotAtAllAndAreNotQuoted) {
  const std::string head =
      R"({"type":"service_account","client_email":"a","private_key":"canary",)";
  for (const char* url : {"http://oauth2.example.com/token", "ftp://a/b", "canary", "https://"}) {
    const auto text = mistake(head + "\"token_uri\":\"" + url + "\"}");
    EXPECT_NE(text, "none") << url;
    EXPECT_EQ(text.find("canary"), std::string::npos);
  }
  EXPECT_EQ(mistake(head + R"("token_uri":"http://localhost:1/token"})"), "none");
  EXPECT_EQ(mistake(R"({"private_key":"canary)").find("canary"), std::string::npos);
}

}  // namespace
}  // namespace parley::api
