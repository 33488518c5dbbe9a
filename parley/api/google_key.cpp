#include "parley/api/google_key.hpp"

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/http/url.hpp"
#include "parley/json/value.hpp"

namespace parley::api {
namespace {

// Members of one object; the first mistake is kept, with its path.
class Reader {
 public:
  Reader(const json::Object& object, std::string path, std::string& mistake)
      : object_(object), path_(std::move(path)), mistake_(mistake) {}

  void text(const char* name, std::string& out, bool required = true) {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || value->is_null()) {
      if (required) wrong(name, "is missing");
      return;
    }
    if (!value->is_string()) return wrong(name, "must be a string");
    out = std::string(value->get_string());
    if (out.empty() && required) return wrong(name, "must not be empty");
    for (const char c : out)
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t')
        return wrong(name, "has a control character");
  }
  void secret(const char* name, Secret& out, bool required = true) {
    std::string value;
    text(name, value, required);
    out = Secret(std::move(value));
  }
  // Secrets go there: encrypted, or to this machine.
  void url(const char* name, std::string& out, bool required = true) {
    text(name, out, required);
    if (!mistake_.empty() || out.empty()) return;
    const auto url = http::parse_url(out);
    if (!url) return wrong(name, "is no URL");
    const bool here = url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1";
    if (url->scheme != "https" && !(url->scheme == "http" && here))
      wrong(name, "must be an https URL");
  }
  // Where a token is read from, not sent to: plain http is usual for a machine's own server.
  void source_url(const char* name, std::string& out) {
    text(name, out, false);
    if (!mistake_.empty() || out.empty()) return;
    const auto url = http::parse_url(out);
    if (!url || (url->scheme != "https" && url->scheme != "http"))
      wrong(name, "is no http or https URL");
  }
  const json::Object* object(const char* name, bool required) {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || value->is_null()) {
      if (required) wrong(name, "is missing");
      return nullptr;
    }
    if (!value->is_object()) wrong(name, "must be an object");
    return value->if_object();
  }
  void texts(const char* name, std::vector<std::string>& out) {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || value->is_null()) return;
    if (!value->is_array()) return wrong(name, "must be a list");
    for (const auto& one : value->get_array()) {
      if (!one.is_string()) return wrong(name, "must be a list of strings");
      out.emplace_back(one.get_string());
    }
  }
  Reader inside(const json::Object& object, const char* name) {
    return Reader(object, path_ + name + ".", mistake_);
  }
  bool has(const char* name) const { return object_.contains(name); }
  void wrong(std::string_view name, std::string_view what) {
    if (mistake_.empty()) mistake_ = fmt::format("{}{} {}", path_, name, what);
  }
  const json::Object& all() const { return object_; }

 private:
  const json::Object& object_;
  std::string path_;
  std::string& mistake_;
};

ServiceAccountKey read_service_account(Reader in) {
  ServiceAccountKey key;
  in.text("client_email", key.client_email);
  in.secret("private_key", key.private_key);
  in.text("private_key_id", key.private_key_id, false);
  in.url("token_uri", key.token_uri, false);
  in.text("project_id", key.project_id, false);
  in.text("quota_project_id", key.quota_project, false);
  return key;
}

AuthorizedUser read_user(Reader in) {
  AuthorizedUser user;
  in.text("client_id", user.client_id);
  in.secret("client_secret", user.client_secret);
  in.secret("refresh_token", user.refresh_token);
  in.url("token_uri", user.token_uri, false);
  in.text("quota_project_id", user.quota_project, false);
  return user;
}

void read_headers(Reader source, ExternalAccount& account) {
  const auto* headers = source.object("headers", false);
  if (headers == nullptr) return;
  Reader in = source.inside(*headers, "headers");
  for (const auto& [name, value] : *headers) {
    if (!value.is_string()) return in.wrong(std::string_view(name), "must be a string");
    account.source_headers.emplace_back(std::string_view(name), std::string(value.get_string()));
  }
}

void read_source(Reader in, ExternalAccount& account) {
  for (const auto& [name, what] :
       std::initializer_list<std::pair<const char*, const char*>>{{"environment_id", "AWS"},
                                                                  {"executable", "a program"},
                                                                  {"certificate", "a certificate"}})
    if (in.has(name))
      return in.wrong(name, fmt::format("is a source ({}) that Parley does not support; a file or "
                                        "a URL is, or a callback that gives the token",
                                        what));
  in.text("file", account.source_file, false);
  in.source_url("url", account.source_url);
  if (account.source_file.empty() == account.source_url.empty())
    in.wrong("file or url", "must be there, one of them");
  read_headers(in, account);
  const auto* format = in.object("format", false);
  if (format == nullptr) return;
  Reader inner = in.inside(*format, "format");
  std::string type = "text";
  inner.text("type", type, false);
  if (type == "json")
    inner.text("subject_token_field_name", account.source_field);
  else if (type != "text")
    inner.wrong("type", "must be text or json");
}

ExternalAccount read_external(Reader in) {
  ExternalAccount account;
  in.text("audience", account.audience);
  in.text("subject_token_type", account.subject_token_type);
  in.url("token_url", account.token_url);
  in.url("service_account_impersonation_url", account.impersonation_url, false);
  in.text("client_id", account.client_id, false);
  in.secret("client_secret", account.client_secret, false);
  in.text("workforce_pool_user_project", account.workforce_project, false);
  in.text("quota_project_id", account.quota_project, false);
  if (const auto* life = in.object("service_account_impersonation", false)) {
    Reader inner = in.inside(*life, "service_account_impersonation");
    if (const auto* seconds = life->if_contains("token_lifetime_seconds")) {
      if (!seconds->is_int64() || seconds->get_int64() < 600 || seconds->get_int64() > 43'200)
        inner.wrong("token_lifetime_seconds", "must be a whole number from 600 to 43200");
      else
        account.impersonation_life = std::chrono::seconds(seconds->get_int64());
    }
  }
  if (const auto* source = in.object("credential_source", true))
    read_source(in.inside(*source, "credential_source"), account);
  return account;
}

GoogleKey::Kind read_kind(Reader in, bool may_impersonate);

ImpersonatedAccount read_impersonated(Reader in) {
  ImpersonatedAccount account;
  in.url("service_account_impersonation_url", account.url);
  in.texts("delegates", account.delegates);
  in.text("quota_project_id", account.quota_project, false);
  if (const auto* source = in.object("source_credentials", true))
    account.source = std::make_shared<const GoogleKey>(
        read_kind(in.inside(*source, "source_credentials"), false));
  return account;
}

// One account may stand for another, not for a chain of them.
GoogleKey::Kind read_kind(Reader in, bool may_impersonate) {
  std::string type;
  in.text("type", type);
  if (type == "service_account") return read_service_account(in);
  if (type == "authorized_user") return read_user(in);
  if (type == "external_account") return read_external(in);
  if (type == "impersonated_service_account" && may_impersonate) return read_impersonated(in);
  if (!type.empty())
    in.wrong("type", may_impersonate
                         ? "is none of service_account, authorized_user, external_account and "
                           "impersonated_service_account"
                         : "is none of service_account, authorized_user and external_account");
  return ServiceAccountKey();
}

}  // namespace

const std::string& GoogleKey::quota_project() const {
  return std::visit([](const auto& one) -> const std::string& { return one.quota_project; }, kind);
}

std::string GoogleKey::project() const {
  if (const auto* account = std::get_if<ServiceAccountKey>(&kind)) return account->project_id;
  if (const auto* account = std::get_if<ImpersonatedAccount>(&kind); account && account->source)
    return account->source->project();
  return {};
}

Result<GoogleKey> read_google_key(std::string_view text) {
  const auto document = json::parse(text, json::Limits());
  if (!document)
    return fail(ErrorKind::invalid_argument,
                "the credentials are no JSON: " + document.error().message());
  if (!document->is_object())
    return fail(ErrorKind::invalid_argument, "the credentials are no JSON object");
  std::string mistake;
  GoogleKey key(read_kind(Reader(document->get_object(), "", mistake), true));
  if (!mistake.empty()) return fail(ErrorKind::invalid_argument, "the credentials: " + mistake);
  return key;
}

}  // namespace parley::api
