// SPDX-License-Identifier: Apache-2.0
// Passwords, keys and tokens: by how their vendors begin them, by their form, by what is written
// before them, and by how much chance is in them.
#include <algorithm>
#include <array>
#include <cmath>

#include "guard/detectors.h"

namespace hearth {
namespace {

enum class Letters : uint8_t { kAny, kUpperDigits, kHex };

struct VendorPrefix {
  std::string_view prefix;
  std::size_t bytes_min;  // behind the prefix
  Letters letters;
};

// As the vendors document them.
constexpr VendorPrefix kVendorPrefixes[] = {
    {"AKIA", 16, Letters::kUpperDigits},
    {"ASIA", 16, Letters::kUpperDigits},
    {"ABIA", 16, Letters::kUpperDigits},
    {"ghp_", 30, Letters::kAny},
    {"gho_", 30, Letters::kAny},
    {"ghu_", 30, Letters::kAny},
    {"ghs_", 30, Letters::kAny},
    {"ghr_", 30, Letters::kAny},
    {"github_pat_", 30, Letters::kAny},
    {"glpat-", 16, Letters::kAny},
    {"xoxb-", 16, Letters::kAny},
    {"xoxp-", 16, Letters::kAny},
    {"xoxa-", 16, Letters::kAny},
    {"xoxs-", 16, Letters::kAny},
    {"xoxr-", 16, Letters::kAny},
    {"xapp-", 16, Letters::kAny},
    {"sk-", 20, Letters::kAny},
    {"sk_live_", 16, Letters::kAny},
    {"sk_test_", 16, Letters::kAny},
    {"rk_live_", 16, Letters::kAny},
    {"pk_live_", 16, Letters::kAny},
    {"whsec_", 16, Letters::kAny},
    {"AIza", 35, Letters::kAny},
    {"ya29.", 20, Letters::kAny},
    {"GOCSPX-", 20, Letters::kAny},
    {"SG.", 40, Letters::kAny},
    {"npm_", 30, Letters::kAny},
    {"pypi-", 50, Letters::kAny},
    {"hf_", 30, Letters::kAny},
    {"dop_v1_", 40, Letters::kHex},
    {"shpat_", 32, Letters::kHex},
    {"shpss_", 32, Letters::kHex},
    {"sq0atp-", 20, Letters::kAny},
    {"sq0csp-", 20, Letters::kAny},
    {"glsa_", 30, Letters::kAny},
    {"xkeysib-", 40, Letters::kAny},
    {"lin_api_", 30, Letters::kAny},
    {"rubygems_", 40, Letters::kHex},
    {"AGE-SECRET-KEY-1", 50, Letters::kUpperDigits},
    {"eyJhbGciOi", 20, Letters::kAny},
};

constexpr std::size_t kValueBytesMax = 4096;  // of a password behind its name
constexpr double kChanceBitsOfLetters = 4.6;  // the same of letters alone, as long names are
constexpr double kChanceBits = 4.0;           // Shannon entropy of a byte, from which it is chance

bool is_blob_byte(char c) {
  return is_ascii_digit(c) || is_ascii_letter(c) ||
         std::string_view("_-.+/~").find(c) != std::string_view::npos;
}

// How many bytes at the beginning of `text` fit the vendor's letters.
std::size_t fitting(std::string_view text, Letters letters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const bool upper = c >= 'A' && c <= 'Z';
    const bool hex = is_ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
    const bool fits = letters == Letters::kHex           ? hex
                      : letters == Letters::kUpperDigits ? upper || is_ascii_digit(c)
                                                         : is_blob_byte(c) && c != '/';
    if (!fits) break;
  }
  return at;
}

bool is_vendor_token(std::string_view blob) {
  return std::any_of(
      std::begin(kVendorPrefixes), std::end(kVendorPrefixes), [&](const VendorPrefix& vendor) {
        return blob.starts_with(vendor.prefix) &&
               fitting(blob.substr(vendor.prefix.size()), vendor.letters) >= vendor.bytes_min;
      });
}

// What kinds of characters a stretch has, and how evenly.
struct Mixture {
  std::size_t lower = 0, upper = 0, digits = 0, other = 0;
  double entropy = 0.0;  // bits a byte

  explicit Mixture(std::string_view text) {
    std::array<uint32_t, 256> counts{};
    for (const char c : text) {
      ++counts[static_cast<unsigned char>(c)];
      (is_ascii_digit(c)      ? digits
       : c >= 'a' && c <= 'z' ? lower
       : c >= 'A' && c <= 'Z' ? upper
                              : other)++;
    }
    for (const uint32_t count : counts) {
      if (count == 0) continue;
      const double share = count / static_cast<double>(text.size());
      entropy -= share * std::log2(share);
    }
  }
  int classes() const { return (lower > 0) + (upper > 0) + (digits > 0) + (other > 0); }
};

// Three parts of base64url with dots between: a JSON Web Token.
bool is_web_token(std::string_view blob) {
  return blob.starts_with("eyJ") && std::count(blob.begin(), blob.end(), '.') == 2 &&
         blob.size() >= 40;
}

class SecretFinder {
 public:
  explicit SecretFinder(Scan& scan) : scan_(scan) {}
  void run();

 private:
  std::size_t find_in_blob(std::size_t index);
  std::size_t named_value(std::size_t index, bool* said) const;
  std::size_t value_end(std::size_t begin) const;
  void find_named(std::size_t index);
  void find_private_key(std::size_t index);

  Scan& scan_;
  std::size_t pem_end_ = 0;      // where the last end of a PEM block that was looked for stands
  std::size_t named_until_ = 0;  // values found, up to this byte
};

void SecretFinder::run() {
  std::size_t blob_end = 0;
  for (std::size_t i = 0; i < scan_.count(); ++i) {
    const ScanToken& token = scan_.token(i);
    if (scan_.has(i, kNearPassword | kNearToken)) find_named(i);
    if (token.type == TokenType::kMark) {
      if (scan_.text().substr(token.begin, 11) == "-----BEGIN ") find_private_key(i);
      continue;
    }
    if (token.begin >= blob_end) blob_end = find_in_blob(i);
  }
}

// The stretch that begins at the token: a vendor's token, a web token, or too much chance to be a
// word. Returns its end.
std::size_t SecretFinder::find_in_blob(std::size_t index) {
  const std::size_t begin = scan_.token(index).begin;
  const std::string_view text = scan_.text();
  std::size_t end = begin;
  while (end < text.size() && is_blob_byte(text[end])) ++end;
  if (end == begin) return scan_.token(index).end;
  for (int padding = 0; padding < 2 && end < text.size() && text[end] == '='; ++padding) ++end;
  if (end < text.size() && (is_blob_byte(text[end]) || text[end] == '=')) {  // name=value
    while (text[end - 1] == '=') --end;
  }
  const std::size_t whole = end;
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  const std::string_view blob = text.substr(begin, end - begin);
  if (blob.size() < 16) return whole;
  if (is_vendor_token(blob) || is_web_token(blob)) {
    scan_.add(EntityKind::kToken, Certainty::kCertain, begin, end);
    return whole;
  }
  if (begin > 0 && (text[begin - 1] == ':' || text[begin - 1] == '/' || text[begin - 1] == '@')) {
    if (begin > 2 && text[begin - 2] == '/') return whole;  // the host and path of a URL
  }
  const Mixture mixture(blob);
  const bool near = scan_.near(index, index, kNearPassword | kNearToken, 6) != 0;
  const bool words = std::count(blob.begin(), blob.end(), '/') +
                         std::count(blob.begin(), blob.end(), '.') +
                         std::count(blob.begin(), blob.end(), '-') >
                     3;
  const bool varied = mixture.digits >= 2 && mixture.lower >= 2 && mixture.upper >= 2;
  const bool letters = mixture.upper >= 6 && mixture.lower >= 6 && mixture.other == 0 &&
                       mixture.entropy >= kChanceBitsOfLetters && blob.size() >= 32;
  const bool chance = mixture.entropy >= kChanceBits && varied && blob.size() >= 24 && !words;
  const bool hex = near && blob.size() >= 24 && mixture.digits >= 4 && mixture.entropy >= 3.0;
  if (chance || letters || hex || (near && varied && mixture.entropy >= 3.2)) {
    scan_.add(EntityKind::kToken, near ? Certainty::kChecked : Certainty::kLikely, begin, end);
  }
  return whole;
}

// The token at which the value begins that the word at `index` names, by ":" or "=" or "is" behind
// it and perhaps behind some words more; 0 where nothing is assigned.
std::size_t SecretFinder::named_value(std::size_t index, bool* said) const {
  static constexpr std::string_view kSays[] = {"is", "ist",    "est",   "es",  "é",  "e",   "è",
                                               "to", "lautet", "luidt", "was", "är", "auf", "jest"};
  const std::size_t words_max = scan_.length(index) <= 4 ? 0 : 4;  // "pin" and "key" are much else
  std::size_t words = 0;
  bool assigned = false;
  for (std::size_t at = index + 1; at < scan_.count() && at - index < 9; ++at) {
    if (scan_.token(at).gap == Gap::kLine) return 0;
    const std::string_view text = scan_.view(at);
    const bool quote = text == "\"" || text == "'" || text == "`";
    if (text == ":" || text == "=" || text == ">") {
      assigned = true;
    } else if (assigned || *said) {
      if (!quote) return at;
    } else if (std::find(std::begin(kSays), std::end(kSays), text) != std::end(kSays)) {
      *said = true;
    } else if (scan_.is_digits(at) || (scan_.is_word(at) && ++words > words_max)) {
      return 0;
    }
  }
  return 0;
}

// Where a value ends that begins at byte `begin`: at its closing quote, or at a space.
std::size_t SecretFinder::value_end(std::size_t begin) const {
  const std::string_view text = scan_.text();
  const char quote = begin > 0 ? text[begin - 1] : '\0';
  const bool quoted = quote == '"' || quote == '\'' || quote == '`';
  std::size_t end = begin;
  while (end < text.size() && end - begin < kValueBytesMax) {
    const char c = text[end];
    if (static_cast<unsigned char>(c) <= ' ' || (quoted && c == quote)) break;
    ++end;
  }
  if (quoted) return end;
  while (end > begin &&
         std::string_view(".,;)\"'`").find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  return end;
}

// JSON's objects and lists are made of names and values, which are looked at by themselves.
bool begins_structure(std::string_view text) {
  return text.starts_with("{\"") || text.starts_with("[\"") || text.starts_with("[{");
}

// Behind "password", "api_key", ...: what is assigned to it, or said to be it.
void SecretFinder::find_named(std::size_t index) {
  const bool password = scan_.has(index, kNearPassword);
  bool said = false;
  const std::size_t at = named_value(index, &said);
  if (at == 0) return;
  const std::string_view text = scan_.text();
  std::size_t begin = scan_.token(at).begin;
  if (begin < named_until_ || begins_structure(text.substr(begin))) return;
  std::size_t end = value_end(begin);
  if (end - begin < 4 && end + 1 < text.size() && text[end] == ' ') {  // password: 1: secret
    begin = end + 1;
    end = value_end(begin);
  }
  named_until_ = end;
  if (end - begin < 4 || text.substr(begin).starts_with("⟦")) return;
  const Mixture mixture(text.substr(begin, end - begin));
  const bool plain = mixture.digits == 0 && mixture.other == 0 &&
                     (mixture.upper == 0 || mixture.lower == 0 || mixture.upper == 1);
  if (plain && (said || !password || scan_.has(at, kWordCommon))) return;
  const bool number = mixture.lower + mixture.upper + mixture.other == 0;
  if (!password && (number || mixture.digits == 0 || end - begin < 8)) return;
  scan_.add(password ? EntityKind::kPassword : EntityKind::kToken, Certainty::kCheckedNear, begin,
            end);
}

// A PEM block of a private key up to its end, or to the end of the text where that is cut off.
void SecretFinder::find_private_key(std::size_t index) {
  const std::string_view text = scan_.text();
  const std::size_t begin = scan_.token(index).begin;
  const std::string_view label = text.substr(begin, 64);
  const std::size_t label_end = label.find('\n');
  if (label.substr(0, label_end).find("PRIVATE KEY") == std::string_view::npos) return;
  std::size_t end = text.size();
  // Looked for once behind each end, so that many beginnings stay linear.
  if (begin >= pem_end_) pem_end_ = std::min(text.find("-----END ", begin), text.size());
  if (pem_end_ < text.size()) {
    const std::size_t closing = text.substr(0, pem_end_ + 80).find("-----", pem_end_ + 9);
    end = closing == std::string_view::npos ? pem_end_ + 9 : closing + 5;
  }
  scan_.add(EntityKind::kPrivateKey, Certainty::kCertain, begin, end);
}

}  // namespace

void detect_secrets(Scan& scan) { SecretFinder(scan).run(); }

}  // namespace hearth
