// The members of every struct of an Image, listed once for reading and writing.
//
// A member that is added to a struct but not here does not build: the structured binding has one name too few.
// Whoever changes a list changes the file format, and raises kVersion.
#pragma once

#include <concepts>
#include <type_traits>

#include "image/image.h"

namespace sonde::image {

// T or const T: writing goes over a const Image.
template <typename T, typename Plain>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Plain>;

void Fields(auto& archive, MaybeConst<ValueField> auto& value) {
  auto& [name, type, offset, bit_offset, bit_width] = value;
  archive(name, type, offset, bit_offset, bit_width);
}

void Fields(auto& archive, MaybeConst<Enumerator> auto& enumerator) {
  auto& [value, name] = enumerator;
  archive(value, name);
}

void Fields(auto& archive, MaybeConst<ValueType> auto& value) {
  auto& [kind, size, is_signed, name, format, element, count, fields, enumerators] = value;
  archive(kind, size, is_signed, name, format, element, count, fields, enumerators);
}

void Fields(auto& archive, MaybeConst<MapSpec> auto& value) {
  auto& [name, role, bpf_type, key_size, value_size, max_entries, flags, per_cpu, is_keyless, present_offset, key_type,
         value_type, aggregation, hist_bits, lhist_min, lhist_max, lhist_step, print_at_exit, series_interval,
         series_count, series_merge] = value;
  archive(name, role, bpf_type, key_size, value_size, max_entries, flags, per_cpu, is_keyless, present_offset, key_type,
          value_type, aggregation, hist_bits, lhist_min, lhist_max, lhist_step, print_at_exit, series_interval,
          series_count, series_merge);
}

void Fields(auto& archive, MaybeConst<Slot> auto& value) {
  auto& [offset, type] = value;
  archive(offset, type);
}

void Fields(auto& archive, MaybeConst<FractionStep> auto& value) {
  auto& [op, number, slot] = value;
  archive(op, number, slot);
}

void Fields(auto& archive, MaybeConst<FormatStep> auto& value) {
  auto& [literal, conversion, flags, width, precision, length, slot, width_slot, precision_slot, fraction] = value;
  archive(literal, conversion, flags, width, precision, length, slot, width_slot, precision_slot, fraction);
}

void Fields(auto& archive, MaybeConst<SourcePlace> auto& value) {
  auto& [file, line, column] = value;
  archive(file, line, column);
}

void Fields(auto& archive, MaybeConst<EventSpec> auto& value) {
  auto& [kind, where, function, slots, fixed_size, max_size, format, text, map, top, div] = value;
  archive(kind, where, function, slots, fixed_size, max_size, format, text, map, top, div);
}

void Fields(auto& archive, MaybeConst<LossSite> auto& value) {
  auto& [where, reason, object] = value;
  archive(where, reason, object);
}

void Fields(auto& archive, MaybeConst<ProgramSpec> auto& value) {
  auto& [section, name, type, attach_to, covers, probe_count, probe_id] = value;
  archive(section, name, type, attach_to, covers, probe_count, probe_id);
}

void Fields(auto& /*archive*/, MaybeConst<RunAtBegin> auto& /*value*/) {}
void Fields(auto& /*archive*/, MaybeConst<RunAtEnd> auto& /*value*/) {}

void Fields(auto& archive, MaybeConst<RunTest> auto& value) {
  auto& [name, is_bench] = value;
  archive(name, is_bench);
}

void Fields(auto& archive, MaybeConst<RunAtSignal> auto& value) {
  auto& [signal] = value;
  archive(signal);
}

void Fields(auto& archive, MaybeConst<AttachRawTracepoint> auto& value) {
  auto& [event] = value;
  archive(event);
}

void Fields(auto& archive, MaybeConst<AttachPerfTracepoint> auto& value) {
  auto& [category, event, id, cookie] = value;
  archive(category, event, id, cookie);
}

void Fields(auto& archive, MaybeConst<AttachInterval> auto& value) {
  auto& [period_ns] = value;
  archive(period_ns);
}

void Fields(auto& archive, MaybeConst<AttachSampling> auto& value) {
  auto& [perf_type, config, period] = value;
  archive(perf_type, config, period);
}

void Fields(auto& archive, MaybeConst<UprobePlace> auto& value) {
  auto& [offset, semaphore, cookie] = value;
  archive(offset, semaphore, cookie);
}

void Fields(auto& archive, MaybeConst<AttachUprobes> auto& value) {
  auto& [path, places, is_return, pid] = value;
  archive(path, places, is_return, pid);
}

void Fields(auto& archive, MaybeConst<AttachIterator> auto& value) {
  auto& [target, pin] = value;
  archive(target, pin);
}

void Fields(auto& archive, MaybeConst<AttachKprobe> auto& value) {
  auto& [function, offset, is_return, cookie] = value;
  archive(function, offset, is_return, cookie);
}

void Fields(auto& archive, MaybeConst<AttachKprobeMulti> auto& value) {
  auto& [functions, cookies, is_return] = value;
  archive(functions, cookies, is_return);
}

void Fields(auto& archive, MaybeConst<AttachFunction> auto& value) {
  auto& [function] = value;
  archive(function);
}

void Fields(auto& archive, MaybeConst<AttachWatchpoint> auto& value) {
  auto& [address, length, mode, is_kernel] = value;
  archive(address, length, mode, is_kernel);
}

void Fields(auto& archive, MaybeConst<Attachment> auto& value) {
  auto& [program, plan, probe, probe_count, is_optional, is_quiet] = value;
  archive(program, plan, probe, probe_count, is_optional, is_quiet);
}

void Fields(auto& archive, MaybeConst<AttachGroup> auto& value) {
  auto& [ways] = value;
  archive(ways);
}

void Fields(auto& archive, MaybeConst<Options> auto& value) {
  auto& [max_map_keys, ring_bytes, print_maps_on_exit, max_strlen, str_trunc_trailer, demangle, debug_lines, lazy_symbols, max_cat_bytes] = value;
  archive(max_map_keys, ring_bytes, print_maps_on_exit, max_strlen, str_trunc_trailer, demangle, debug_lines, lazy_symbols,
          max_cat_bytes);
}

// Without `version`, which stands before the fields and decides whether they can be read.
void Fields(auto& archive, MaybeConst<Image> auto& value) {
  auto& [version, elf, types, maps, events, loss_sites, programs, groups, probe_names, constants, leaves_out_readers,
         options, license] = value;
  archive(elf, types, maps, events, loss_sites, programs, groups, probe_names, constants, leaves_out_readers, options,
          license);
}

}  // namespace sonde::image
