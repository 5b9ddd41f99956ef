# Every library that is not ours, named once. All are Debian 12 packages; `./dev setup` installs them.

# In the release, what can be linked statically is: each shared library is half a millisecond of every start.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  list(PREPEND CMAKE_FIND_LIBRARY_SUFFIXES .a)
  # The name by which LLVM asks for it.
  find_library(SONDE_ZSTD zstd REQUIRED)
  add_library(zstd::libzstd_shared UNKNOWN IMPORTED)
  set_target_properties(zstd::libzstd_shared PROPERTIES IMPORTED_LOCATION ${SONDE_ZSTD})
endif()

find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
target_link_libraries(PkgConfig::LIBELF INTERFACE ZLIB::ZLIB)
target_link_libraries(PkgConfig::LIBBPF INTERFACE PkgConfig::LIBELF)

find_package(LLVM 19.1 REQUIRED CONFIG PATHS /usr/lib/llvm-19/cmake NO_DEFAULT_PATH)
# The BPF back end alone, linked statically: other back ends would only slow the start.
llvm_map_components_to_libnames(SONDE_LLVM_LIBRARIES
  core support analysis target scalaropts instcombine transformutils passes linker bitreader
  bpfcodegen bpfdesc bpfinfo bpfasmparser)
add_library(sonde_llvm INTERFACE)
target_include_directories(sonde_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
separate_arguments(SONDE_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(sonde_llvm INTERFACE ${SONDE_LLVM_DEFINITIONS})
target_link_libraries(sonde_llvm INTERFACE ${SONDE_LLVM_LIBRARIES})
