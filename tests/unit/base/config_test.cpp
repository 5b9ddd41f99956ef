#include "base/config.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sonde {
namespace {

const char* Nothing(const char* /*name*/) { return nullptr; }

TEST(Config, RingIsAPowerOfTwo) {
  Config config;
  EXPECT_EQ(config.ring_bytes(), 4U << 20);
  config.perf_rb_pages = 3;
  EXPECT_EQ(config.ring_bytes(), 16384U);
  config.perf_rb_pages = 262144;
  EXPECT_EQ(config.ring_bytes(), 1U << 30);
}

TEST(Config, DefaultsInTheTableAreTheDefaults) {
  for (const ConfigVariable& variable : ConfigVariables()) {
    if (variable.set == nullptr) continue;
    Config config;
    EXPECT_TRUE(variable.set(config, variable.default_value)) << variable.name;
    EXPECT_EQ(config.max_map_keys, Config().max_map_keys);
    EXPECT_EQ(config.max_strlen, Config().max_strlen);
    EXPECT_EQ(config.perf_rb_pages, Config().perf_rb_pages);
    EXPECT_EQ(config.print_maps_on_exit, Config().print_maps_on_exit);
    EXPECT_EQ(config.missing_probes, Config().missing_probes);
  }
}

TEST(Config, ScriptSetsWhatTheEnvironmentLeaves) {
  Config config;
  const auto environment = [](const char* name) {
    return std::string_view(name) == "BPFTRACE_STRLEN" ? "64" : Nothing(name);
  };
  EXPECT_EQ(SetFromEnvironment(config, environment), "");
  EXPECT_EQ(config.max_strlen, 64U);
  EXPECT_TRUE(SetFromScript(config, *FindConfigVariable("max_strlen"), "200"));
  EXPECT_EQ(config.max_strlen, 64U);
  EXPECT_TRUE(SetFromScript(config, *FindConfigVariable("MAX_MAP_KEYS"), "7"));
  EXPECT_EQ(config.max_map_keys, 7U);
}

TEST(Config, OwnNameWinsOverTheOldOne) {
  Config config;
  const auto environment = [](const char* name) -> const char* {
    if (std::string_view(name) == "SONDE_MAX_MAP_KEYS") return "1";
    if (std::string_view(name) == "BPFTRACE_MAX_MAP_KEYS") return "2";
    return nullptr;
  };
  EXPECT_EQ(SetFromEnvironment(config, environment), "");
  EXPECT_EQ(config.max_map_keys, 1U);
}

TEST(Config, WrongValuesAreRefused) {
  Config config;
  EXPECT_FALSE(SetFromScript(config, *FindConfigVariable("max_map_keys"), "-1"));
  EXPECT_FALSE(SetFromScript(config, *FindConfigVariable("max_map_keys"), "0"));
  EXPECT_FALSE(SetFromScript(config, *FindConfigVariable("missing_probes"), "maybe"));
  EXPECT_EQ(FindConfigVariable("no_such"), nullptr);
  const auto environment = [](const char* name) {
    return std::string_view(name) == "SONDE_PRINT_MAPS_ON_EXIT" ? "yes" : Nothing(name);
  };
  EXPECT_EQ(SetFromEnvironment(config, environment), "SONDE_PRINT_MAPS_ON_EXIT=yes: expected 0 or 1");
}

}  // namespace
}  // namespace sonde
