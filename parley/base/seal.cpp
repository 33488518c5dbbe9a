#include "parley/base/seal.hpp"

#include <array>
#include <stdexcept>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "parley/base/text.hpp"

namespace parley {
namespace {

constexpr std::string_view kPrefix = "parley-sealed-1.";
constexpr std::size_t kSalt = 16, kNonce = 12, kTag = 16, kHead = 1 + kSalt + kNonce;
constexpr std::string_view kUse = "parley seal 1";

using AesKey = std::array<unsigned char, 32>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool expand(std::string_view key, std::string_view salt, AesKey& out) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), EVP_PKEY_CTX_free);
  std::size_t size = out.size();
  return context && EVP_PKEY_derive_init(context.get()) > 0 &&
         EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set1_hkdf_salt(context.get(), raw(salt), static_cast<int>(salt.size())) > 0 &&
         EVP_PKEY_CTX_set1_hkdf_key(context.get(), raw(key), static_cast<int>(key.size())) > 0 &&
         EVP_PKEY_CTX_add1_hkdf_info(context.get(), raw(kUse), static_cast<int>(kUse.size())) > 0 &&
         EVP_PKEY_derive(context.get(), out.data(), &size) > 0;
}

bool stretch(std::string_view passphrase, std::string_view salt, AesKey& out) {
  constexpr std::uint64_t memory = 64 * 1024 * 1024;
  return EVP_PBE_scrypt(passphrase.data(), passphrase.size(), raw(salt), salt.size(), 32'768, 8, 1,
                        memory, out.data(), out.size()) == 1;
}

bool aes_key(const SealKey& key, std::string_view salt, AesKey& out) {
  const auto& secret = key.secret().reveal();
  return key.is_passphrase() ? stretch(secret, salt, out) : expand(secret, salt, out);
}

void append_random(std::string& out, std::size_t size, Random& random) {
  while (size > 0) {
    const auto bits = random.next();
    for (std::size_t i = 0; i < 8 && size > 0; ++i, --size)
      out.push_back(static_cast<char>(bits >> (8 * i) & 0xff));
  }
}

// The head is authenticated as well, so that the kind of key cannot be changed.
bool begin(EVP_CIPHER_CTX* cipher, const AesKey& key, std::string_view head,
           std::string_view about, int encrypts) {
  int size = 0;
  const auto nonce = head.substr(1 + kSalt, kNonce);
  return EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), nullptr, key.data(), raw(nonce), encrypts) >
             0 &&
         EVP_CipherUpdate(cipher, nullptr, &size, raw(head), static_cast<int>(head.size())) > 0 &&
         (about.empty() || EVP_CipherUpdate(cipher, nullptr, &size, raw(about),
                                            static_cast<int>(about.size())) > 0);
}

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorKind::invalid_argument, std::string(why));
}

}  // namespace

Result<SealKey> SealKey::of_bytes(BytesView bytes) {
  if (bytes.size() != 32) return refuse("a key to seal with has 32 bytes");
  return SealKey(Secret(std::string(as_text(bytes))), false);
}

Result<SealKey> SealKey::of_passphrase(Secret passphrase) {
  if (passphrase.reveal().size() < 12) return refuse("a passphrase has at least 12 bytes");
  return SealKey(std::move(passphrase), true);
}

std::string seal(std::string_view text, const SealKey& key, std::string_view about,
                 Random& random) {
  std::string out(1, key.is_passphrase() ? '\2' : '\1');
  append_random(out, kSalt + kNonce, random);
  AesKey derived{};
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  std::string body(text.size() + kTag, '\0');
  auto* to = reinterpret_cast<unsigned char*>(body.data());
  const bool done =
      cipher && aes_key(key, std::string_view(out).substr(1, kSalt), derived) &&
      begin(cipher.get(), derived, out, about, 1) &&
      EVP_CipherUpdate(cipher.get(), to, &size, raw(text), static_cast<int>(text.size())) > 0 &&
      EVP_CipherFinal_ex(cipher.get(), to + text.size(), &size) > 0 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, to + text.size()) > 0;
  OPENSSL_cleanse(derived.data(), derived.size());
  if (!done) throw std::runtime_error("AES-256-GCM is not there");
  out += body;
  return std::string(kPrefix) + to_base64(as_bytes(out));
}

Result<std::string> open_sealed(std::string_view sealed, const SealKey& key,
                                std::string_view about) {
  if (!sealed.starts_with(kPrefix))
    return refuse("this is no sealed text: it does not begin with \"parley-sealed-1.\"");
  const auto bytes = from_base64(trim(sealed.substr(kPrefix.size())));
  if (!bytes || bytes->size() < kHead + kTag) return refuse("the sealed text is damaged: its base64");
  const auto all = as_text(*bytes);
  const auto head = all.substr(0, kHead);
  if (head[0] != '\1' && head[0] != '\2') return refuse("the sealed text has an unknown kind of key");
  if ((head[0] == '\2') != key.is_passphrase())
    return refuse(head[0] == '\2' ? "the text was sealed with a passphrase, not with 32 bytes"
                                  : "the text was sealed with 32 bytes, not with a passphrase");
  const auto body = all.substr(kHead, all.size() - kHead - kTag);
  std::string tag(all.substr(all.size() - kTag));
  AesKey derived{};
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string out(body.size() + 1, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  int size = 0;
  const bool good =
      cipher && aes_key(key, head.substr(1, kSalt), derived) &&
      begin(cipher.get(), derived, head, about, 0) &&
      EVP_CipherUpdate(cipher.get(), to, &size, raw(body), static_cast<int>(body.size())) > 0 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) > 0 &&
      EVP_CipherFinal_ex(cipher.get(), to + body.size(), &size) > 0;
  OPENSSL_cleanse(derived.data(), derived.size());
  if (!good)
    return refuse("the sealed text is damaged, was made for something else, or with another key");
  out.resize(body.size());
  return out;
}

}  // namespace parley
