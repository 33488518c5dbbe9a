#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "parley/api/google_key.hpp"
#include "parley/emulator/auth/options.hpp"
#include "parley/json/codec.hpp"

namespace parley::emulator {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

std::string text_of(BIO* bio) {
  const char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string public_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  return PEM_write_bio_PUBKEY(bio.get(), key) == 1 ? text_of(bio.get()) : std::string();
}

}  // namespace

Result<ServiceAccountFile> make_service_account(const std::string& project,
                                                const std::string& token_uri) {
  const Key key(EVP_RSA_gen(2048));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!key || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) != 1)
    return fail(ErrorKind::internal, "no RSA key could be made");
  ServiceAccountFile file;
  file.account.email = fmt::format("emulator@{}.iam.gserviceaccount.com", project);
  file.account.public_key = public_pem(key.get());
  std::string text;
  json::Writer writer(text);
  writer.begin_object().field("type", "service_account").field("project_id", project);
  writer.field("private_key_id", "emulator-1").field("private_key", text_of(bio.get()));
  writer.field("client_email", file.account.email).field("client_id", "100000000000000000001");
  writer.field("token_uri", token_uri).field("universe_domain", "googleapis.com").end_object();
  file.json = Secret(std::move(text));
  return file;
}

Result<AuthOptions::Account> account_of(const std::string& json) {
  auto key = api::read_google_key(json);
  if (!key) return fail(std::move(key.error()));
  const auto* account = std::get_if<api::ServiceAccountKey>(&key->kind);
  if (account == nullptr)
    return fail(ErrorKind::invalid_argument, "the credentials are those of no service account");
  const std::string& pem = account->private_key.reveal();
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Key secret(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  AuthOptions::Account out;
  out.email = account->client_email;
  if (secret) out.public_key = public_pem(secret.get());
  if (out.public_key.empty())
    return fail(ErrorKind::invalid_argument, "the credentials: private_key is no key in PEM");
  return out;
}

}  // namespace parley::emulator
