#include "symbols/demangle.h"

#include <gtest/gtest.h>

namespace sonde::symbols {
namespace {

TEST(Demangle, Cpp) {
  EXPECT_EQ(Demangle("_ZN4work5HeavyERKNS_6AmountE"), "work::Heavy(work::Amount const&)");
  EXPECT_EQ(Demangle("main"), "main");
  EXPECT_EQ(Demangle("_Zbroken"), "_Zbroken");
  EXPECT_EQ(Demangle(""), "");
}

TEST(Demangle, Rust) {
  EXPECT_EQ(Demangle("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
  EXPECT_EQ(Demangle("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE"),
            "<alloc::string::String as core::fmt::Display>::fmt");
}

}  // namespace
}  // namespace sonde::symbols
