#include "cheaders/builtin_headers.h"

#include <array>

namespace sonde::cheaders {
namespace {

// The C library asks for parts of <stddef.h> with __need_ macros; giving it all at the first time does no harm.
constexpr std::string_view kStddef = R"(
#pragma once
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;
typedef __WINT_TYPE__ wint_t;
typedef struct {
  long long __ll __attribute__((aligned));
  long double __ld __attribute__((aligned));
} max_align_t;
#undef NULL
#define NULL ((void*)0)
#undef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#undef __need_size_t
#undef __need_ptrdiff_t
#undef __need_wchar_t
#undef __need_wint_t
#undef __need_NULL
)";

constexpr std::string_view kStdarg = R"(
typedef __builtin_va_list __gnuc_va_list;
#ifndef __need___va_list
typedef __builtin_va_list va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_end(list) __builtin_va_end(list)
#define va_arg(list, type) __builtin_va_arg(list, type)
#define va_copy(to, from) __builtin_va_copy(to, from)
#endif
#undef __need___va_list
)";

constexpr std::string_view kStdbool = R"(
#define bool _Bool
#define true 1
#define false 0
#define __bool_true_false_are_defined 1
)";

// The limits of the language; those of POSIX and Linux follow from the C library's header of the same name, which in
// turn asks for this one again unless _GCC_LIMITS_H_ is defined.
constexpr std::string_view kLimits = R"(
#ifndef __SONDE_LIMITS_H
#define __SONDE_LIMITS_H
#define _GCC_LIMITS_H_
#if __has_include_next(<limits.h>)
#include_next <limits.h>
#endif
#undef CHAR_BIT
#undef SCHAR_MIN
#undef SCHAR_MAX
#undef UCHAR_MAX
#undef CHAR_MIN
#undef CHAR_MAX
#undef SHRT_MIN
#undef SHRT_MAX
#undef USHRT_MAX
#undef INT_MIN
#undef INT_MAX
#undef UINT_MAX
#undef LONG_MIN
#undef LONG_MAX
#undef ULONG_MAX
#undef LLONG_MIN
#undef LLONG_MAX
#undef ULLONG_MAX
#define CHAR_BIT __CHAR_BIT__
#define SCHAR_MAX __SCHAR_MAX__
#define SCHAR_MIN (-__SCHAR_MAX__ - 1)
#define UCHAR_MAX (__SCHAR_MAX__ * 2 + 1)
#ifdef __CHAR_UNSIGNED__
#define CHAR_MIN 0
#define CHAR_MAX UCHAR_MAX
#else
#define CHAR_MIN SCHAR_MIN
#define CHAR_MAX SCHAR_MAX
#endif
#define SHRT_MAX __SHRT_MAX__
#define SHRT_MIN (-__SHRT_MAX__ - 1)
#define USHRT_MAX (__SHRT_MAX__ * 2 + 1)
#define INT_MAX __INT_MAX__
#define INT_MIN (-__INT_MAX__ - 1)
#define UINT_MAX (__INT_MAX__ * 2U + 1U)
#define LONG_MAX __LONG_MAX__
#define LONG_MIN (-__LONG_MAX__ - 1L)
#define ULONG_MAX (__LONG_MAX__ * 2UL + 1UL)
#define LLONG_MAX __LONG_LONG_MAX__
#define LLONG_MIN (-__LONG_LONG_MAX__ - 1LL)
#define ULLONG_MAX (__LONG_LONG_MAX__ * 2ULL + 1ULL)
#endif
)";

// The C library's own does for a hosted program; without one, these.
constexpr std::string_view kStdint = R"(
#if __has_include_next(<stdint.h>)
#include_next <stdint.h>
#else
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __INTMAX_TYPE__ intmax_t;
typedef __UINTMAX_TYPE__ uintmax_t;
#define INT8_MAX __INT8_MAX__
#define INT16_MAX __INT16_MAX__
#define INT32_MAX __INT32_MAX__
#define INT64_MAX __INT64_MAX__
#define INT8_MIN (-INT8_MAX - 1)
#define INT16_MIN (-INT16_MAX - 1)
#define INT32_MIN (-INT32_MAX - 1)
#define INT64_MIN (-INT64_MAX - 1)
#define UINT8_MAX __UINT8_MAX__
#define UINT16_MAX __UINT16_MAX__
#define UINT32_MAX __UINT32_MAX__
#define UINT64_MAX __UINT64_MAX__
#define SIZE_MAX __SIZE_MAX__
#endif
)";

constexpr std::string_view kStdalign = R"(
#define alignas _Alignas
#define alignof _Alignof
)";

constexpr std::string_view kStdnoreturn = R"(
#define noreturn _Noreturn
)";

constexpr std::string_view kFloat = R"(
#define FLT_RADIX __FLT_RADIX__
#define FLT_DIG __FLT_DIG__
#define FLT_MAX __FLT_MAX__
#define FLT_MIN __FLT_MIN__
#define FLT_EPSILON __FLT_EPSILON__
#define DBL_DIG __DBL_DIG__
#define DBL_MAX __DBL_MAX__
#define DBL_MIN __DBL_MIN__
#define DBL_EPSILON __DBL_EPSILON__
)";

constexpr auto kHeaders = std::to_array<BuiltinHeader>({
    {"stddef.h", kStddef},
    {"stdarg.h", kStdarg},
    {"stdbool.h", kStdbool},
    {"limits.h", kLimits},
    {"stdint.h", kStdint},
    {"stdalign.h", kStdalign},
    {"stdnoreturn.h", kStdnoreturn},
    {"float.h", kFloat},
});

}  // namespace

std::span<const BuiltinHeader> BuiltinHeaders() { return kHeaders; }

}  // namespace sonde::cheaders
