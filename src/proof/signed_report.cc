// SPDX-License-Identifier: Apache-2.0
#include "proof/signed_report.h"

#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/strings.h"
#include "seal/seal_key.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKind = "hearth offline proof";
constexpr std::string_view kSignedAs =
    "hearth offline proof 1\n";  // no other text of ours begins so
constexpr int kDepthMax = 8;

using PublicKey = std::array<unsigned char, crypto_sign_PUBLICKEYBYTES>;
using Signature = std::array<unsigned char, crypto_sign_BYTES>;

struct KeyPair {
  PublicKey public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};

  KeyPair() = default;
  KeyPair(const KeyPair&) = default;
  KeyPair& operator=(const KeyPair&) = default;
  ~KeyPair() { sodium_memzero(secret_key.data(), secret_key.size()); }
};

template <std::size_t kBytes>
bool from_hex(std::string_view text, std::array<unsigned char, kBytes>& bytes) {
  std::size_t count = 0;
  const char* end = nullptr;
  return text.size() == 2 * kBytes &&
         sodium_hex2bin(bytes.data(), kBytes, text.data(), text.size(), nullptr, &count, &end) ==
             0 &&
         count == kBytes && end == text.data() + text.size();
}

static_assert(kSealKeyBytes == crypto_sign_SEEDBYTES);

KeyPair key_pair(const SealKey& seed) {
  KeyPair keys;
  crypto_sign_seed_keypair(keys.public_key.data(), keys.secret_key.data(), seed.bytes().data());
  return keys;
}

Result<void> start_sodium() {
  if (sodium_init() >= 0) return {};
  return Error(ErrorCode::kUnavailable, "libsodium: no random numbers here; check /dev/urandom");
}

// What the signature is over.
std::string signed_text(Json report) {
  report.erase("signature");
  return concat(kSignedAs, report.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json route_json(const ProofRoute& route) {
  return {{"name", route.name},
          {"profile", route.profile},
          {"tried", route.tried},
          {"control", route.control},
          {"expected", route.expected},
          {"outcome", std::string(outcome_name(route.outcome))},
          {"errno", route.error.empty() ? Json(nullptr) : Json(route.error)},
          {"ok", route.ok()}};
}

// A member of the document that is text; empty where there is none.
std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Error not_a_report(std::string_view why) {
  return Error(
      ErrorCode::kCorrupt,
      concat("report: ", why, "; give a file that `hearth doctor --prove-offline --json` wrote"));
}

Result<Json> parse_report(std::string_view text) {
  bool is_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    is_deep |= depth > kDepthMax;
    return depth <= kDepthMax;
  };
  Json report = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (report.is_discarded() || is_deep || !report.is_object()) return not_a_report("is no JSON");
  if (text_of(report, "kind") != kKind) return not_a_report("is of another kind");
  return report;
}

}  // namespace

Json proof_json(const Proof& proof, std::string_view hearth_version, std::string_view time) {
  Json routes = Json::array();
  for (const ProofRoute& route : proof.routes) routes.push_back(route_json(route));
  return {{"kind", std::string(kKind)},
          {"time", std::string(time)},
          {"versions",
           {{"hearth", std::string(hearth_version)},
            {"kernel", proof.kernel},
            {"architecture", proof.architecture},
            {"landlock_abi", proof.landlock_abi}}},
          {"ok", proof.ok()},
          {"routes", std::move(routes)}};
}

Result<void> sign_report(Json& report, const std::filesystem::path& key_file) {
  HEARTH_ASSIGN(const SealKey seed, SealKey::load_or_create(key_file));
  const KeyPair keys = key_pair(seed);
  report["public_key"] = hexadecimal(keys.public_key);
  const std::string text = signed_text(report);
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       keys.secret_key.data());
  report["signature"] = hexadecimal(signature);
  return {};
}

Result<std::string> public_key_of(const std::filesystem::path& key_file) {
  std::error_code failed;
  if (!std::filesystem::exists(key_file, failed)) {
    return Error(ErrorCode::kNotFound,
                 concat("key ", printable(key_file.string(), 300),
                        ": there is none; `hearth doctor --prove-offline` makes it"));
  }
  HEARTH_ASSIGN(const SealKey seed, SealKey::load_or_create(key_file));
  return hexadecimal(key_pair(seed).public_key);
}

Result<CheckedReport> check_report(std::string_view text) {
  HEARTH_TRY(start_sodium());
  HEARTH_ASSIGN(const Json report, parse_report(text));
  CheckedReport checked;
  checked.public_key = text_of(report, "public_key");
  PublicKey key{};
  Signature signature{};
  if (!from_hex(checked.public_key, key) || !from_hex(text_of(report, "signature"), signature)) {
    return not_a_report("has no key or no signature");
  }
  const std::string content = signed_text(report);
  if (crypto_sign_verify_detached(signature.data(),
                                  reinterpret_cast<const unsigned char*>(content.data()),
                                  content.size(), key.data()) != 0) {
    return Error(ErrorCode::kVerification,
                 "report: the signature does not fit: it was changed after it was signed; ask for "
                 "it again");
  }
  const auto routes = report.find("routes");
  const auto versions = report.find("versions");
  const auto ok = report.find("ok");
  checked.ok = ok != report.end() && ok->is_boolean() && ok->get<bool>();
  checked.routes = routes != report.end() && routes->is_array() ? routes->size() : 0;
  checked.time = text_of(report, "time");
  if (versions != report.end() && versions->is_object()) {
    checked.kernel = text_of(*versions, "kernel");
    checked.hearth_version = text_of(*versions, "hearth");
  }
  return checked;
}

}  // namespace hearth
