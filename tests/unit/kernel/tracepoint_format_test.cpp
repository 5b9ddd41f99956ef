#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel/kernel_view.h"

namespace sonde::kernel {
namespace {

using Location = TracepointField::Location;

// The one field declared by `declaration`, 24 bytes at 8.
TracepointField ParseOne(const std::string& declaration, const std::string& size = "24") {
  const std::string text = "name: n\nID: 1\nformat:\n\tfield:" + declaration + ";\toffset:8;\tsize:" + size +
                           ";\tsigned:1;\n\nprint fmt: \"\"\n";
  Result<TracepointFormat> format = ParseTracepointFormat("c", text);
  EXPECT_TRUE(format.has_value()) << declaration;
  if (!format || format->fields.size() != 1) return {};
  EXPECT_EQ(format->fields[0].offset, 8u);
  EXPECT_TRUE(format->fields[0].is_signed);
  return format->fields[0];
}

TEST(TracepointFormat, ReadsHeaderAndCommonFields) {
  Result<TracepointFormat> format = ParseTracepointFormat("syscalls",
                                                          "name: sys_enter_openat\n"
                                                          "ID: 782\n"
                                                          "format:\n"
                                                          "\tfield:unsigned short common_type;\toffset:0;\tsize:2;"
                                                          "\tsigned:0;\n"
                                                          "\n"
                                                          "\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;\n"
                                                          "\n"
                                                          "print fmt: \"field:int no;\toffset:1;\tsize:1;\"\n");
  ASSERT_TRUE(format);
  EXPECT_EQ(format->category, "syscalls");
  EXPECT_EQ(format->name, "sys_enter_openat");
  EXPECT_EQ(format->id, 782u);
  ASSERT_EQ(format->fields.size(), 2u);
  EXPECT_TRUE(format->fields[0].is_common);
  EXPECT_EQ(format->fields[0].type, "unsigned short");
  EXPECT_FALSE(format->fields[1].is_common);
  EXPECT_EQ(format->fields[1].name, "dfd");
  EXPECT_EQ(format->fields[1].offset, 16u);
  EXPECT_EQ(format->fields[1].size, 8u);
  EXPECT_FALSE(format->fields[1].is_signed);
}

struct Declaration {
  const char* text;
  const char* type;
  const char* name;
  bool is_array = false;
  uint32_t count = 0;
  Location location = Location::kInline;
};

TEST(TracepointFormat, ReadsEveryFormOfDeclaration) {
  const Declaration kDeclarations[] = {
      {"int x", "int", "x"},
      {"const char * filename", "const char *", "filename"},
      {"const char *const * argv", "const char *const *", "argv"},
      {"char *name", "char *", "name"},
      {"struct iocb * * iocbpp", "struct iocb * *", "iocbpp"},
      {"bool success", "bool", "success"},
      {"enum hrtimer_mode mode", "enum hrtimer_mode", "mode"},
      {"struct landlock_ruleset_attr *const attr", "struct landlock_ruleset_attr *const", "attr"},
      {"char comm[24]", "char", "comm", true, 24},
      {"unsigned long args[3]", "unsigned long", "args", true, 3},
      {"char[16] comm", "char", "comm", true, 16},
      {"__u8 grid[2][12]", "__u8", "grid", true, 24},
      {"struct in6_addr a[ 2 ]", "struct in6_addr", "a", true, 2},
      {"u8 x[SIZE_MACRO]", "u8", "x", true, 24},
      {"u32 x[A_SIZE]", "u32", "x", true, 6},
      {"void *x[COUNT]", "void *", "x", true, 3},
      {"struct odd x[COUNT]", "struct odd", "x", true, 0},
      {"__data_loc char[] name", "char", "name", true, 0, Location::kDataLoc},
      {"__data_loc cpumask_t *[] cpus", "cpumask_t *", "cpus", true, 0, Location::kDataLoc},
      {"__rel_loc unsigned char[] buf", "unsigned char", "buf", true, 0, Location::kRelLoc},
      {"void (*function)(struct x *)", "void (*)(struct x *)", "function"},
      {"unsigned long long int big", "unsigned long long int", "big"},
  };
  for (const Declaration& expected : kDeclarations) {
    SCOPED_TRACE(expected.text);
    const TracepointField field = ParseOne(expected.text);
    EXPECT_EQ(field.type, expected.type);
    EXPECT_EQ(field.name, expected.name);
    EXPECT_EQ(field.is_array, expected.is_array);
    EXPECT_EQ(field.element_count, expected.count);
    EXPECT_EQ(field.location, expected.location);
  }
}

TEST(TracepointFormat, PassesOverWhatItDoesNotKnow) {
  Result<TracepointFormat> format = ParseTracepointFormat("c",
                                                          "name: n\nID: 7\nnew thing: 3\n\tfield:\n\tfield:int;\n"
                                                          "\tfield:int ok;\toffset:0;\tsize:4;\tsigned:1;\tnew:2;\n"
                                                          "\tfield:int a;\toffset:zero;\tsize:4;\tsigned:1;\n"
                                                          "\tfield:int b;\toffset:0;\n");
  ASSERT_TRUE(format);
  ASSERT_EQ(format->fields.size(), 1u);
  EXPECT_EQ(format->fields[0].name, "ok");
}

TEST(TracepointFormat, RefusesWhatIsNoFormat) {
  for (const char* text : {"", "\n", "name: x\nID: 5\n", "name: x\n\tfield:int a;\toffset:0;\tsize:4;\tsigned:1;\n",
                           "name: x\nID: many\n\tfield:int a;\toffset:0;\tsize:4;\tsigned:1;\n"}) {
    Result<TracepointFormat> format = ParseTracepointFormat("c", text);
    ASSERT_FALSE(format) << text;
    EXPECT_THAT(format.error().Message(), testing::HasSubstr("has no name, ID or fields"));
  }
}

TEST(TracepointFormat, SurvivesEveryTruncation) {
  const std::string whole =
      "name: n\nID: 1\nformat:\n\tfield:__data_loc char[] a[3];\toffset:8;\tsize:4;\tsigned:1;\n"
      "\tfield:void (*f)(int);\toffset:12;\tsize:8;\tsigned:0;\n\tfield:u8 x[99999999999][9];\toffset:1;\tsize:1;\n";
  for (size_t length = 0; length < whole.size(); ++length) {
    (void)ParseTracepointFormat("c", whole.substr(0, length));
    std::string damaged = whole;
    damaged[length] = '[';
    (void)ParseTracepointFormat("c", damaged);
    damaged[length] = ';';
    (void)ParseTracepointFormat("c", damaged);
  }
}

}  // namespace
}  // namespace sonde::kernel
