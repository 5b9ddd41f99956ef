# One room of the house = one static library target `sonde_<name>`.
#
#   sonde_room(parser SOURCES a.cpp b.cpp USES sonde_base LINKS fmt::fmt)
#
# USES names the rooms it may include from; LINKS names outside libraries.
# Headers are included as "room/header.h" from src/.

add_library(sonde_options INTERFACE)
target_compile_options(sonde_options INTERFACE
  -Wall -Wextra -Wswitch -Wshadow -Wno-missing-field-initializers
  -Wno-unknown-warning-option # clang-tidy reads these flags too
  -Wno-restrict # gcc 12 sees overlaps in std::string that are not there
  $<$<BOOL:${SONDE_WERROR}>:-Werror>
  $<$<BOOL:${SONDE_SANITIZE}>:-fsanitize=address,undefined;-fno-sanitize-recover=undefined;-fno-omit-frame-pointer>)
target_link_options(sonde_options INTERFACE
  $<$<BOOL:${SONDE_SANITIZE}>:-fsanitize=address,undefined>)

function(sonde_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_library(sonde_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(sonde_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(sonde_${name} PUBLIC ${ROOM_USES} PRIVATE ${ROOM_LINKS} sonde_options)
endfunction()
