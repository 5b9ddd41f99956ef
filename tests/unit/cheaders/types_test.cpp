// Structs, unions, enums, typedefs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "c_test_base.h"

namespace sonde::cheaders {
namespace {

class TypesTest : public CHeadersTest {
 protected:
  void Declare(const std::string& text, std::vector<std::string> names) {
    declarations_ = ParseClean(text, std::move(names)).declarations;
  }
  const CType& Struct(const std::string& tag) { return declarations_.types[declarations_.structs.at(tag)]; }
  const CType& TypeOf(const CField& field) { return declarations_.types[field.type]; }
  CDeclarations declarations_;
};

TEST_F(TypesTest, FieldsHaveOffsetsAndTypes) {
  Declare("struct s { char c; int i; unsigned long u; const char *p; double d; _Bool b; short a[3][2]; void *v; };",
          {"s"});
  const CType& s = Struct("s");
  EXPECT_EQ(s.kind, CKind::kStruct);
  EXPECT_EQ(s.size, 56u);
  ASSERT_EQ(s.fields.size(), 8u);
  EXPECT_EQ(FieldOf(s, "i").bit_offset, 32u);
  EXPECT_TRUE(TypeOf(FieldOf(s, "i")).is_signed);
  EXPECT_EQ(TypeOf(FieldOf(s, "u")).size, 8u);
  EXPECT_FALSE(TypeOf(FieldOf(s, "u")).is_signed);
  EXPECT_EQ(TypeOf(FieldOf(s, "d")).kind, CKind::kFloat);
  EXPECT_EQ(TypeOf(FieldOf(s, "b")).kind, CKind::kBool);
  const CType& pointer = TypeOf(FieldOf(s, "p"));
  EXPECT_EQ(pointer.kind, CKind::kPointer);
  EXPECT_EQ(declarations_.types[pointer.element].name, "char");
  EXPECT_EQ(declarations_.types[TypeOf(FieldOf(s, "v")).element].kind, CKind::kVoid);
  const CType& array = TypeOf(FieldOf(s, "a"));
  EXPECT_EQ(array.kind, CKind::kArray);
  EXPECT_EQ(array.count, 3u);
  EXPECT_EQ(array.size, 12u);
  EXPECT_EQ(declarations_.types[array.element].count, 2u);
}

TEST_F(TypesTest, AnonymousMembersBitfieldsAndFlexibleArrays) {
  Declare("struct s { union { int a; struct { short lo, hi; }; }; unsigned x : 3, : 5, y : 7; int : 0; char tail[]; };",
          {"s"});
  const CType& s = Struct("s");
  ASSERT_EQ(s.fields.size(), 4u);
  EXPECT_EQ(s.fields[0].name, "");
  const CType& anonymous = TypeOf(s.fields[0]);
  EXPECT_EQ(anonymous.kind, CKind::kUnion);
  EXPECT_EQ(anonymous.name, "");
  ASSERT_EQ(anonymous.fields.size(), 2u);
  EXPECT_EQ(FieldOf(TypeOf(anonymous.fields[1]), "hi").bit_offset, 16u);
  EXPECT_EQ(FieldOf(s, "x").bit_width, 3u);
  EXPECT_EQ(FieldOf(s, "y").bit_offset, 32u + 8);
  EXPECT_EQ(FieldOf(s, "y").bit_width, 7u);
  EXPECT_EQ(TypeOf(FieldOf(s, "tail")).count, 0u);
  EXPECT_TRUE(declarations_.unions.empty());
}

TEST_F(TypesTest, PackedAndAligned) {
  Declare(
      "struct s { char c; long l; } __attribute__((packed)); struct t { char c; int i __attribute__((aligned(16))); };",
      {"s", "t"});
  EXPECT_EQ(Struct("s").size, 9u);
  EXPECT_EQ(FieldOf(Struct("s"), "l").bit_offset, 8u);
  EXPECT_EQ(Struct("t").size, 32u);
  EXPECT_EQ(FieldOf(Struct("t"), "i").bit_offset, 128u);
}

TEST_F(TypesTest, CyclesAndReferredTypes) {
  Declare(
      "struct b; struct a { struct b *b; struct a *next; }; struct b { struct a *back; struct c { int deep; } c; };"
      "struct unused { int x; };",
      {"a"});
  const CType& a = Struct("a");
  EXPECT_EQ(&declarations_.types[TypeOf(FieldOf(a, "next")).element], &a);
  const CType& b = declarations_.types[TypeOf(FieldOf(a, "b")).element];
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(&declarations_.types[TypeOf(FieldOf(b, "back")).element], &a);
  EXPECT_EQ(FieldOf(TypeOf(FieldOf(b, "c")), "deep").bit_offset, 0u);
  EXPECT_FALSE(declarations_.structs.contains("unused"));
}

TEST_F(TypesTest, TypedefsLeadToTheType) {
  Declare(
      "typedef struct { int a; } anonymous; typedef struct tag { int b; } named; typedef named again;"
      "typedef unsigned u32; typedef u32 array[4]; typedef int (*function)(int);",
      {"anonymous", "named", "again", "u32", "array", "function"});
  auto type = [&](const char* name) { return declarations_.types[declarations_.typedefs.at(name)]; };
  EXPECT_EQ(type("anonymous").name, "anonymous");
  EXPECT_EQ(FieldOf(type("anonymous"), "a").bit_offset, 0u);
  EXPECT_FALSE(declarations_.structs.contains("anonymous"));
  EXPECT_EQ(declarations_.typedefs.at("named"), declarations_.typedefs.at("again"));
  EXPECT_EQ(declarations_.typedefs.at("named"), declarations_.structs.at("tag"));
  EXPECT_EQ(type("u32").size, 4u);
  EXPECT_EQ(type("array").count, 4u);
  EXPECT_EQ(declarations_.types[type("function").element].kind, CKind::kFunction);
}

TEST_F(TypesTest, Enums) {
  Declare(
      "enum e { A = -1, B, C = 5 }; enum u { U = 0xffffffff }; enum { LOOSE = 7, OTHER };"
      "struct s { enum inner { IN = 3 } i; }; enum w { W = 1ULL << 40 }; enum { unused };",
      {"e", "U", "LOOSE", "IN", "W"});
  EXPECT_TRUE(declarations_.types[declarations_.enums.at("e")].is_signed);
  EXPECT_EQ(declarations_.enumerators.at("A").value, -1);
  EXPECT_EQ(declarations_.enumerators.at("C").value, 5);
  EXPECT_EQ(declarations_.enumerators.at("C").type, declarations_.enums.at("e"));
  EXPECT_EQ(declarations_.enumerators.at("U").value, 0xffffffff);
  EXPECT_FALSE(declarations_.types[declarations_.enums.at("u")].is_signed);
  EXPECT_EQ(declarations_.enumerators.at("LOOSE").value, 7);
  EXPECT_EQ(declarations_.types[declarations_.enumerators.at("LOOSE").type].name, "");
  EXPECT_EQ(declarations_.enumerators.at("IN").value, 3);
  EXPECT_EQ(declarations_.enumerators.at("W").value, int64_t{1} << 40);
  EXPECT_EQ(declarations_.types[declarations_.enums.at("w")].size, 8u);
  EXPECT_FALSE(declarations_.enumerators.contains("unused"));
}

TEST_F(TypesTest, IncompleteTypesHaveNoSize) {
  Declare("struct opaque; struct s { struct opaque *p; };", {"s", "opaque"});
  const CType& opaque = Struct("opaque");
  EXPECT_EQ(opaque.size, 0u);
  EXPECT_TRUE(opaque.fields.empty());
  EXPECT_EQ(&declarations_.types[TypeOf(FieldOf(Struct("s"), "p")).element], &opaque);
}

TEST_F(TypesTest, OddTypesDoNoHarm) {
  Declare(
      "typedef float vec __attribute__((vector_size(16))); struct s { vec v; _Complex double c; __int128 i;"
      " _Atomic int a; long double l; int (*f[2])(void); };",
      {"s"});
  const CType& s = Struct("s");
  EXPECT_EQ(TypeOf(FieldOf(s, "v")).kind, CKind::kUnknown);
  EXPECT_EQ(TypeOf(FieldOf(s, "v")).size, 16u);
  EXPECT_EQ(TypeOf(FieldOf(s, "c")).kind, CKind::kUnknown);
  EXPECT_EQ(TypeOf(FieldOf(s, "i")).size, 16u);
  EXPECT_EQ(TypeOf(FieldOf(s, "a")).kind, CKind::kInt);
}

TEST_F(TypesTest, DeepChainsOfStructs) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "struct s" + std::to_string(i + 1) + "; struct s" + std::to_string(i) + " { struct s" +
            std::to_string(i + 1) + " *next; };\n";
  }
  Declare(text, {"s0"});
  EXPECT_EQ(declarations_.structs.size(), 3001u);
}

TEST_F(TypesTest, StructsOfSystemHeaders) {
  Declare("#include <sys/socket.h>\n#include <netinet/in.h>\n#include <linux/stat.h>\n#include <linux/bpf.h>\n",
          {"sockaddr_in", "sockaddr_in6", "statx", "bpf_attr", "BPF_MAP_TYPE_RINGBUF"});
  EXPECT_EQ(Struct("sockaddr_in").size, 16u);
  EXPECT_EQ(FieldOf(Struct("sockaddr_in"), "sin_port").bit_offset, 16u);
  EXPECT_EQ(Struct("sockaddr_in6").size, 28u);
  EXPECT_EQ(Struct("statx").size, 256u);
  EXPECT_TRUE(declarations_.unions.contains("bpf_attr"));
  EXPECT_EQ(declarations_.enumerators.at("BPF_MAP_TYPE_RINGBUF").value, 27);
}

}  // namespace
}  // namespace sonde::cheaders
