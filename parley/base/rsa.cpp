#include "parley/base/rsa.hpp"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace parley {
namespace {

constexpr int kLeastBits = 2048;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

// A key with a passphrase is refused: nobody is there to be asked for it.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Key read_key(std::string_view pem, bool is_private) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return nullptr;
  Key key(is_private ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                     : PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();  // the queue may quote what it read
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) return nullptr;
  return key;
}

}  // namespace

Result<std::string> sign_rs256(const Secret& private_key, std::string_view message) {
  const Key key = read_key(private_key.reveal(), true);
  if (!key)
    return fail(ErrorKind::invalid_argument,
                "the private key is no RSA key in PEM without a passphrase");
  if (EVP_PKEY_bits(key.get()) < kLeastBits)
    return fail(ErrorKind::invalid_argument, "the private key has less than 2048 bits");
  const Context context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::string signature;
  bool done = context &&
              EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) == 1;
  if (done) {
    signature.resize(size);
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    done = EVP_DigestSign(context.get(), out, &size, bytes, message.size()) == 1;
    signature.resize(done ? size : 0);
  }
  ERR_clear_error();
  if (!done) return fail(ErrorKind::invalid_argument, "the private key cannot sign");
  return signature;
}

bool verify_rs256(std::string_view public_key, std::string_view message,
                  std::string_view signature) {
  const Key key = read_key(public_key, false);
  const Context context(EVP_MD_CTX_new());
  const bool good =
      key && context &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace parley
