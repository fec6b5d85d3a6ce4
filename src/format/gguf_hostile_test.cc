// SPDX-License-Identifier: Apache-2.0
// The reader on files that are cut short, damaged, or made to break a reader. Files are put
// together byte by byte, as the writer makes none of these.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "base/strings.h"
#include "format/gguf.h"
#include "format/gguf_writer.h"

namespace hearth {
namespace {

constexpr uint64_t kHuge = uint64_t{1} << 63;
constexpr uint64_t kMax = UINT64_MAX;

// Little-endian fields, one behind the other.
class Raw {
 public:
  template <GgufScalar T>
  Raw& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Raw& text(std::string_view value) {
    put(static_cast<uint64_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  Raw& type(GgufType value) { return put(static_cast<uint32_t>(value)); }
  Raw& literal(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  // A tensor's description, of rank 1 or more.
  Raw& tensor(std::string_view name, const std::vector<uint64_t>& shape, uint32_t type_id,
              uint64_t offset) {
    text(name).put(static_cast<uint32_t>(shape.size()));
    for (const uint64_t dimension : shape) put(dimension);
    return put(type_id).put(offset);
  }
  // Padding to the alignment, then `count` bytes of tensor data.
  Raw& data(std::size_t count, std::size_t alignment = 32) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment + count, 'd');
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

Raw header(uint64_t tensor_count, uint64_t metadata_count) {
  return Raw().literal("GGUF").put(uint32_t{3}).put(tensor_count).put(metadata_count);
}

Result<GgufFile> parse(const std::string& content) {
  return GgufFile::parse(std::as_bytes(std::span(content)), "m.gguf");
}

// The file is refused with `code`, in one line that names the file and says each of `parts`.
void refused(const std::string& content, ErrorCode code, const std::vector<std::string>& parts) {
  const auto file = parse(content);
  ASSERT_FALSE(file.ok()) << "accepted, expected: " << parts[0];
  const std::string& message = file.error().message();
  EXPECT_EQ(file.error().code(), code) << message;
  EXPECT_TRUE(message.starts_with("m.gguf: ")) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_NE(message.find("; "), std::string::npos) << "no remedy: " << message;
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
  }
}

void corrupt(const Raw& raw, const std::vector<std::string>& parts) {
  refused(raw.bytes(), ErrorCode::kCorrupt, parts);
}

// What parse() promises of every file that it accepts.
void expect_invariants(const GgufFile& file, std::string_view content) {
  const auto* const begin = reinterpret_cast<const std::byte*>(content.data());
  for (const GgufTensor& tensor : file.tensors()) {
    const DTypeInfo& info = dtype_info(tensor.dtype);
    ASSERT_GE(tensor.data.data(), begin);
    ASSERT_LE(tensor.data.data() + tensor.data.size(), begin + content.size());
    ASSERT_EQ(static_cast<uint64_t>(tensor.data.data() - begin) % file.alignment(), 0u);
    ASSERT_EQ(tensor.row_values() % info.block_values, 0u);
    ASSERT_EQ(tensor.data.size(),
              tensor.row_count() * (tensor.row_values() / info.block_values) * info.block_bytes);
  }
}

// A small sound file with an array of strings, an alignment and tensors.
std::string small_file() {
  const std::string data(72, 'd');
  const auto bytes = std::as_bytes(std::span(data));
  GgufWriter writer({.version = 3, .alignment = 16});
  writer.add("general.architecture", "llama");
  writer.add("flag", true);
  writer.add_array("tokens", std::vector<std::string>{"a", "bc", ""});
  writer.add_array("scores", std::vector<float>{0.5f, 1.5f});
  writer.add_tensor("w", DType::kQ4_0, std::array<uint64_t, 2>{32, 4}, bytes);
  writer.add_tensor("b", DType::kF32, std::array<uint64_t, 1>{3}, bytes.first(12));
  return writer.bytes().value();
}

TEST(GgufHostile, EveryTruncationSaysSo) {
  const std::string whole = small_file();
  ASSERT_TRUE(parse(whole).ok());
  refused("", ErrorCode::kCorrupt, {"is empty", "fetch it again"});
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    // A copy of its own size, so that a sanitizer sees a read beyond it.
    refused(std::string(whole, 0, bytes), ErrorCode::kCorrupt, {"ends inside", "fetch it again"});
  }
}

TEST(GgufHostile, EveryByteMutatedIsRefusedOrSound) {
  const std::string whole = small_file();
  int accepted = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string mutated = whole;
      mutated[at] = static_cast<char>(value);
      const auto file = parse(mutated);
      if (file.ok()) {
        ++accepted;
        expect_invariants(*file, mutated);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << at << " " << value;
      } else {
        ASSERT_TRUE(file.error().message().starts_with("m.gguf: ")) << file.error().message();
      }
    }
  }
  EXPECT_GT(accepted, 0) << "letters of names may change";
}

TEST(GgufHostile, HeaderFields) {
  const auto with_version = [](uint32_t version) {
    return Raw().literal("GGUF").put(version).put(uint64_t{0}).put(uint64_t{0}).bytes();
  };
  refused(with_version(0), ErrorCode::kUnsupported, {"version 0", "versions 2 and 3"});
  refused(with_version(1), ErrorCode::kUnsupported, {"version 1,", "convert"});
  refused(with_version(4), ErrorCode::kUnsupported, {"version 4", "update hearth"});
  refused(with_version(0x03000000), ErrorCode::kUnsupported, {"big-endian", "convert"});
  for (const uint64_t count : {kHuge, kMax, kGgufTensorCountMax + 1}) {
    refused(header(count, 0).bytes(), ErrorCode::kUnsupported,
            {concat("claims ", count, " tensors"), "at most 65536"});
    refused(header(0, count).bytes(), ErrorCode::kUnsupported,
            {concat("claims ", count, " metadata entries"), "at most 65536"});
  }
  corrupt(header(1, 0), {"ends inside its tensors", "claims 1", "fetch it again"});
  corrupt(header(0, 1), {"ends inside its metadata entries", "claims 1", "fetch it again"});
  corrupt(header(65536, 65536), {"ends inside"});
}

TEST(GgufHostile, OtherFilesAreNamed) {
  const auto unsupported = [](std::string content, std::string what) {
    refused(content, ErrorCode::kUnsupported, {std::move(what)});
  };
  unsupported("FUGG\0\0\0\3", "big-endian");
  unsupported("tjgg", "GGJT");
  unsupported("lmgg", "GGML");
  unsupported("PK\x03\x04rest", "ZIP");
  unsupported("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
  unsupported("<!DOCTYPE html>", "web page");
  unsupported(Raw().put(uint64_t{100}).literal("{\"__metadata__\"").bytes(), "safetensors");
  refused(
      "\x7f"
      "ELF",
      ErrorCode::kCorrupt, {"not a GGUF file", "begins with '\\x7fELF'", "name a .gguf file"});
  refused("x", ErrorCode::kCorrupt, {"not a GGUF file"});
  refused("GGUG", ErrorCode::kCorrupt, {"not a GGUF file"});
}

TEST(GgufHostile, LengthsOfStrings) {
  for (const uint64_t length : {uint64_t{1} << 16, kHuge, kMax, kMax - 7}) {
    corrupt(header(0, 1).put(length).data(64),
            {"key of metadata entry 1 of 1", concat("claims ", length), "at most 65535"});
    corrupt(header(1, 0).put(length).data(64),
            {"name of tensor 1 of 1", concat("claims ", length), "at most 256"});
  }
  for (const uint64_t length : {uint64_t{100}, kHuge, kMax, kMax - 7}) {
    corrupt(header(0, 1).text("key").type(GgufType::kString).put(length).data(8),
            {"ends inside the value of metadata entry 1 of 1 (key)", concat("claims ", length),
             "fetch it again"});
    corrupt(header(0, 1)
                .text("key")
                .type(GgufType::kArray)
                .type(GgufType::kString)
                .put(uint64_t{2})
                .text("fine")
                .put(length)
                .data(8),
            {"ends inside string 2 of 2 in metadata entry 1 of 1 (key)"});
  }
  corrupt(header(0, 1).put(uint64_t{60000}).data(64), {"ends inside the key", "claims 60000"});
  corrupt(header(0, 1).text("").type(GgufType::kUint8).put(uint8_t{1}).data(8), {"an empty key"});
  corrupt(header(1, 0).tensor("", {1}, 0, 0).data(64), {"an empty name"});
}

TEST(GgufHostile, CountsOfArrays) {
  for (const auto type : {GgufType::kUint8, GgufType::kBool, GgufType::kUint16, GgufType::kFloat32,
                          GgufType::kFloat64, GgufType::kString}) {
    // 2^61 and 2^62 elements of 8 and 4 bytes are 0 bytes in 64 bits.
    for (const uint64_t count :
         {uint64_t{1000}, uint64_t{1} << 61, uint64_t{1} << 62, kHuge, kMax}) {
      corrupt(header(0, 1).text("key").type(GgufType::kArray).type(type).put(count).data(64),
              {"ends inside the array of metadata entry 1 of 1 (key)", concat("claims ", count)});
    }
  }
}

TEST(GgufHostile, ValueTypes) {
  for (const uint32_t type : {13u, 255u, 0x80000000u, 0xffffffffu}) {
    corrupt(header(0, 1).text("key").put(type).put(kMax),
            {"metadata entry 1 of 1 (key)", concat("value type ", type)});
    corrupt(header(0, 1).text("key").type(GgufType::kArray).put(type).put(uint64_t{1}).put(kMax),
            {"metadata entry 1 of 1 (key)", concat("value type ", type)});
  }
  refused(header(0, 1)
              .text("key")
              .type(GgufType::kArray)
              .type(GgufType::kArray)
              .put(uint64_t{1})
              .type(GgufType::kUint8)
              .put(uint64_t{0})
              .bytes(),
          ErrorCode::kUnsupported, {"(key)", "array of arrays"});
  corrupt(header(0, 1).text("key").type(GgufType::kBool).put(uint8_t{2}), {"(key)", "value 2"});
  corrupt(header(0, 1)
              .text("key")
              .type(GgufType::kArray)
              .type(GgufType::kBool)
              .put(uint64_t{2})
              .put(true)
              .put(uint8_t{255}),
          {"(key)", "array of bools"});
}

TEST(GgufHostile, Duplicates) {
  corrupt(header(0, 3)
              .text("key")
              .type(GgufType::kUint8)
              .put(uint8_t{1})
              .text("other")
              .type(GgufType::kUint8)
              .put(uint8_t{1})
              .text("key")
              .type(GgufType::kBool)
              .put(true),
          {"key key occurs twice"});
  corrupt(header(2, 0).tensor("w", {1}, 0, 0).tensor("w", {1}, 0, 32).data(64),
          {"tensor w occurs twice"});
}

TEST(GgufHostile, Alignment) {
  const auto aligned = [](uint32_t alignment) {
    return header(0, 1).text("general.alignment").type(GgufType::kUint32).put(alignment);
  };
  for (const uint32_t good : {8u, 16u, 32u, 65536u}) {
    EXPECT_EQ(parse(aligned(good).bytes()).value().alignment(), good);
  }
  for (const uint32_t bad : {0u, 1u, 4u, 24u, 33u, 131072u, 0x80000000u, 0xffffffffu}) {
    corrupt(aligned(bad), {concat("general.alignment is ", bad), "power of two from 8 to 65536"});
  }
  corrupt(header(0, 1).text("general.alignment").type(GgufType::kUint64).put(kHuge),
          {"general.alignment is 9223372036854775808"});
  corrupt(header(0, 1).text("general.alignment").type(GgufType::kInt32).put(int32_t{-32}),
          {"general.alignment is -32"});
  corrupt(header(0, 1).text("general.alignment").type(GgufType::kString).text("32"),
          {"general.alignment is of type string"});
}

TEST(GgufHostile, RanksAndShapes) {
  for (const uint32_t rank : {0u, 5u, 0x7fffffffu, 0xffffffffu}) {
    Raw raw = header(1, 0).text("w").put(rank);
    for (int i = 0; i < 8; ++i) raw.put(uint64_t{1});
    corrupt(raw, {"tensor 1 of 1 (w)", concat("rank ", rank), "1 to 4"});
  }
  corrupt(header(1, 0).tensor("w", {0}, 0, 0).data(64), {"(w)", "shape [0]", "no dimension"});
  corrupt(header(1, 0).tensor("w", {32, 0, kMax}, 0, 0).data(64), {"(w)", "no dimension"});
  corrupt(header(1, 0).tensor("w", {33, 32}, 2, 0).data(999),
          {"(w)", "shape [33, 32]", "Q4_0", "multiple of 32"});
  corrupt(header(1, 0).tensor("w", {576, 2}, 12, 0).data(999), {"Q4_K", "multiple of 256"});
  // A dimension of 1 in front of the row's length does not make up for it.
  corrupt(header(1, 0).tensor("w", {1, 32}, 2, 0).data(999), {"shape [1, 32]", "multiple of 32"});
}

TEST(GgufHostile, ShapesWhoseSizeOverflows) {
  const uint64_t two32 = uint64_t{1} << 32;
  const std::vector<std::vector<uint64_t>> shapes = {
      {two32, two32},            // 2^64 values: 0
      {two32, two32 + 1},        // a small remainder
      {kHuge, 2},                // 0
      {kMax, kMax, kMax, kMax},  //
      {uint64_t{1} << 62},       // 2^64 bytes of F32
      {(uint64_t{1} << 62) + 1},
      {uint64_t{1} << 20, uint64_t{1} << 20, uint64_t{1} << 20, 4},
      {32, (uint64_t{1} << 59) + 1},  // values wrap to 32
  };
  for (const auto& shape : shapes) {
    corrupt(header(1, 0).tensor("w", shape, 0, 0).data(4096),
            {"tensor 1 of 1 (w)", "overflows 64 bits"});
  }
  // Q8_0: 2^63 values in 2^58 blocks of 34 bytes: fits 64 bits, then not the file.
  corrupt(header(1, 0).tensor("w", {kHuge}, 8, 0).data(4096), {"ends inside the data"});
}

TEST(GgufHostile, UnknownTensorTypesAreNamed) {
  refused(header(1, 0).tensor("w", {256}, 23, 0).data(4096).bytes(), ErrorCode::kUnsupported,
          {"tensor 1 of 1 (w)", "type 23 (IQ4_XS)", "F32", "Q4_K", "Q8_0"});
  for (const uint32_t type : {4u, 5u, 40u, 0x80000000u, 0xffffffffu}) {
    refused(header(1, 0).tensor("w", {256}, type, 0).data(4096).bytes(), ErrorCode::kUnsupported,
            {concat("type ", type, ",")});
  }
}

TEST(GgufHostile, OffsetsOutOfTheFile) {
  EXPECT_TRUE(parse(header(1, 0).tensor("w", {8}, 0, 32).data(64).bytes()).ok());
  for (const uint64_t offset : {uint64_t{64}, uint64_t{4096}, uint64_t{1} << 40}) {
    corrupt(header(1, 0).tensor("w", {8}, 0, offset).data(64),
            {"ends inside the data of tensor 1 of 1 (w)", "fetch it again"});
  }
  for (const uint64_t offset : {kMax - 31, kMax - 63}) {  // wraps into the file
    corrupt(header(1, 0).tensor("w", {8}, 0, offset).data(64), {"(w)", "beyond 64 bits"});
  }
  for (const uint64_t offset : {uint64_t{1}, uint64_t{16}, uint64_t{33}, kMax}) {
    corrupt(header(1, 0).tensor("w", {1}, 0, offset).data(64),
            {"(w)", concat("offset ", offset), "multiple of the alignment 32"});
  }
}

TEST(GgufHostile, Overlaps) {
  const auto two = [](uint64_t a_offset, uint64_t a_values, uint64_t b_offset, uint64_t b_values) {
    return header(2, 0).tensor("a", {a_values}, 0, a_offset).tensor("b", {b_values}, 0, b_offset);
  };
  EXPECT_TRUE(parse(two(0, 8, 32, 8).data(256).bytes()).ok());
  EXPECT_TRUE(parse(two(128, 9, 0, 1).data(256).bytes()).ok()) << "any order, with gaps";
  corrupt(two(0, 1, 0, 1).data(256), {"tensors", "overlap"});        // the same place
  corrupt(two(0, 9, 32, 8).data(256), {"tensors a and b overlap"});  // by one value
  corrupt(two(32, 8, 0, 9).data(256), {"tensors b and a overlap"});
  corrupt(two(0, 64, 96, 1).data(256), {"tensors a and b overlap"});  // one inside the other
  // Not neighbours in the table: a reaches over b into nothing, c is apart.
  corrupt(header(3, 0)
              .tensor("a", {32}, 0, 0)
              .tensor("c", {1}, 0, 128)
              .tensor("b", {1}, 0, 64)
              .data(256),
          {"tensors a and b overlap"});
}

// Sizes that are sound one by one and whose sum wraps: a buffer of their sum would be small. Here
// nothing is summed up, and each must lie in the file. (CVE-2025-53630, llama.cpp.)
TEST(GgufHostile, SumOfTensorSizesWraps) {
  const uint64_t half = (uint64_t{1} << 61);  // 2^63 bytes of F32
  corrupt(header(2, 0).tensor("a", {half}, 0, 0).tensor("b", {half + 16}, 0, kHuge).data(4096),
          {"ends inside the data of tensor 1 of 2 (a)"});
  corrupt(header(2, 0).tensor("a", {16}, 0, 0).tensor("b", {half}, 0, kHuge).data(4096),
          {"tensor 2 of 2 (b)", "beyond 64 bits"});
}

// A size so close to 2^64 that rounding it up to the alignment, or adding a header to it, wraps
// behind the check. (CVE-2026-27940, llama.cpp: the way around the fix of the above.)
TEST(GgufHostile, SizeWrapsWhenPaddedOrAddedTo) {
  const uint64_t almost = (uint64_t{1} << 62) - 1;  // 2^64 - 4 bytes of F32
  corrupt(header(2, 0).tensor("a", {almost}, 0, 0).tensor("b", {16}, 0, 0).data(4096),
          {"tensor 1 of 2 (a)", "beyond 64 bits"});
  corrupt(header(1, 0).tensor("a", {almost - 7}, 0, 0).data(4096), {"beyond 64 bits"});
  // Less than the file's own position away from 2^64.
  corrupt(header(1, 0).tensor("a", {almost - 32}, 0, 0).data(4096), {"(a)", "data"});
  // Many tensors: their descriptions must be there before anything is made for them.
  corrupt(header(kGgufTensorCountMax, 0).data(4096), {"ends inside its tensors"});
}

// A shape that asks for more than the file holds behind the offset: what reads the tensor would
// read another's memory. (CVE-2026-7482, Ollama.)
TEST(GgufHostile, ShapeClaimsMoreThanTheFileHolds) {
  EXPECT_TRUE(parse(header(1, 0).tensor("w", {1024}, 1, 0).data(2048).bytes()).ok());
  corrupt(header(1, 0).tensor("w", {1025}, 1, 0).data(2048), {"ends inside the data of tensor"});
  corrupt(header(1, 0).tensor("w", {1024, 1000000}, 1, 0).data(2048), {"ends inside the data"});
  corrupt(header(1, 0).tensor("w", {1024}, 1, 0).data(2047), {"ends inside the data"});
  corrupt(header(2, 0).tensor("v", {8}, 0, 0).tensor("w", {1024}, 1, 32).data(2048),
          {"ends inside the data of tensor 2 of 2 (w)"});
}

TEST(GgufHostile, NamesCannotForgeTheMessage) {
  corrupt(header(1, 0).tensor("w\n\x1b[2Jok", {0}, 0, 0).data(64), {"(w\\x0a\\x1b[2Jok)"});
  const std::string long_key(60000, 'k');
  const auto file = parse(header(0, 1).text(long_key).put(uint32_t{99}).put(kMax).bytes());
  ASSERT_FALSE(file.ok());
  EXPECT_LT(file.error().message().size(), 400u);
}

}  // namespace
}  // namespace hearth
