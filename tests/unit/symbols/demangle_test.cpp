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
  EXPECT_EQ(Demangle("_ZN4core3fmt5write17h0123456789abcdefE.llvm.123"), "core::fmt::write");
}

// The names and what they mean are those of the scheme's description.
TEST(Demangle, RustV0) {
  EXPECT_EQ(Demangle("_RNvCskwGfYPst2Cb_3foo16example_function"), "foo::example_function");
  EXPECT_EQ(Demangle("_RINvNtC3std3mem8align_ofdE"), "std::mem::align_of::<f64>");
  EXPECT_EQ(Demangle("_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_"), "mycrate::main::{closure#0}");
  EXPECT_EQ(Demangle("_RNCNvCsgStHSCytQ6I_7mycrate4mains_0B3_"), "mycrate::main::{closure#1}");
  EXPECT_EQ(Demangle("_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo"), "<mycrate::Example>::foo");
  EXPECT_EQ(Demangle("_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo"),
            "<mycrate::Example as mycrate::Trait>::foo");
  EXPECT_EQ(Demangle("_RNvYNtC3std6StringNtC3std5Debug3fmt"), "<std::String as std::Debug>::fmt");
  EXPECT_EQ(Demangle("_RINvC3foo3barRShTlbEAhj10_E"), "foo::bar::<&[u8], (i32, bool), [u8; 16]>");
  EXPECT_EQ(Demangle("_RINvC3foo3barKj1f_Kb1_Kc41_Kln5_E"), "foo::bar::<31, true, 'A', -5>");
  EXPECT_EQ(Demangle("_RINvC3foo3barFUKCPhEuFxEyE"), "foo::bar::<unsafe extern \"C\" fn(*const u8), fn(i64) -> u64>");
  EXPECT_EQ(Demangle("_RINvC3foo3barDNtB2_5Debugp4ItemhEL_E"), "foo::bar::<dyn foo::Debug<Item = u8>>");
  EXPECT_EQ(Demangle("_RINvC3foo3barFG_RL0_hEuE"), "foo::bar::<for<'a> fn(&'a u8)>");
  EXPECT_EQ(Demangle("_RNvC3foo3bar.llvm.99"), "foo::bar");
  EXPECT_EQ(Demangle("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y"),
            "utf8_idents::\u10e1\u10d0\u10ed\u10db\u10d4\u10da\u10d0\u10d3_"
            "\u10d2\u10d4\u10db\u10e0\u10d8\u10d4\u10da\u10d8_\u10e1\u10d0\u10d3\u10d8\u10da\u10d8");
}

TEST(Demangle, WhatIsNoNameStays) {
  for (const char* text : {"_R", "_RNv", "_RNvC3foo", "_RNvC99foo3bar", "_RNvB_3bar", "_RNvC3foo3barxyz", "_R9NvC3foo3bar",
                           "_RINvC3foo3barB_E", "_RNvC3foo3ba", "_RINvC3foo3barG"}) {
    EXPECT_EQ(Demangle(text), text);
  }
  std::string deep = "_RINvC3foo3bar";
  for (int i = 0; i < 5000; ++i) deep += 'R';
  EXPECT_EQ(Demangle(deep + "hE"), deep + "hE");
}

}  // namespace
}  // namespace sonde::symbols
