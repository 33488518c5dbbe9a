#include "parley/net/self_signed.hpp"

#include <algorithm>
#include <memory>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "parley/net/system.hpp"

namespace parley::net {
namespace {

template <auto Free>
struct Freed {
  void operator()(auto* what) const { Free(what); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '*';
  });
}

Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) {
    boost::system::error_code bad;
    boost::asio::ip::make_address(name, bad);
    if (bad && !is_host_name(name))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("\"{}\" is neither a host name nor an IP address", name));
    all += fmt::format("{}{}:{}", all.empty() ? "" : ",", bad ? "DNS" : "IP", name);
  }
  return all;
}

bool extend(X509* certificate, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool name_and_date(X509* certificate, const std::string& name, WallTime now,
                   std::chrono::hours life) {
  const auto begin = std::chrono::system_clock::to_time_t(now - std::chrono::hours(1));
  const auto end = std::chrono::system_clock::to_time_t(now + life);
  auto* subject = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), system_random().next() >> 1) ==
             1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), begin) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), end) != nullptr &&
         X509_NAME_add_entry_by_txt(
             subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.data()),
             static_cast<int>(std::min<std::size_t>(name.size(), 64)), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, WallTime now,
                                    std::chrono::hours life) {
  if (names.empty()) return fail(ErrorKind::invalid_argument, "a certificate needs a name");
  const auto alternatives = alternative_names(names);
  if (!alternatives) return fail(alternatives.error());
  const Key key(EVP_EC_gen("P-256"));
  const Certificate made(X509_new());
  if (!key || !made || !name_and_date(made.get(), names.front(), now, life) ||
      X509_set_pubkey(made.get(), key.get()) != 1 ||
      !extend(made.get(), NID_subject_alt_name, *alternatives) ||
      !extend(made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !extend(made.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      X509_sign(made.get(), key.get(), EVP_sha256()) == 0)
    return fail(ErrorKind::internal, "OpenSSL made no certificate");
  const Memory certificate(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_secmem()));
  if (!certificate || !secret || PEM_write_bio_X509(certificate.get(), made.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1)
    return fail(ErrorKind::internal, "OpenSSL wrote no certificate");
  SelfSigned out;
  out.certificate = text_of(certificate.get());
  out.key = Secret(text_of(secret.get()));
  return out;
}

}  // namespace parley::net
