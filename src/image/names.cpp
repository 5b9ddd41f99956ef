#include "image/names.h"

namespace sonde::image {

std::string_view Name(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNone:
      return "none";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return "int";
    case ValueKind::kEnum:
      return "enum";
    case ValueKind::kPointer:
      return "pointer";
    case ValueKind::kString:
      return "string";
    case ValueKind::kTailString:
      return "tail string";
    case ValueKind::kBuffer:
      return "buffer";
    case ValueKind::kTailBuffer:
      return "tail buffer";
    case ValueKind::kArray:
      return "array";
    case ValueKind::kStruct:
      return "struct";
    case ValueKind::kTuple:
      return "tuple";
    case ValueKind::kRecord:
      return "record";
    case ValueKind::kProbe:
      return "probe";
    case ValueKind::kTimestamp:
      return "timestamp";
    case ValueKind::kUsername:
      return "username";
    case ValueKind::kProcessName:
      return "process name";
    case ValueKind::kCgroupPath:
      return "cgroup path";
    case ValueKind::kMacAddress:
      return "mac address";
    case ValueKind::kFlags:
      return "flags";
    case ValueKind::kCall:
      return "call";
    case ValueKind::kTailCall:
      return "tail call";
    case ValueKind::kInet:
      return "inet";
    case ValueKind::kFloat:
      return "float";
    case ValueKind::kKernelStack:
      return "kernel stack";
    case ValueKind::kUserStack:
      return "user stack";
    case ValueKind::kKernelSymbol:
      return "kernel symbol";
    case ValueKind::kUserSymbol:
      return "user symbol";
  }
  return "";
}

std::string_view Name(MapRole role) {
  switch (role) {
    case MapRole::kUser:
      return "user";
    case MapRole::kDataRing:
      return "data ring";
    case MapRole::kControlRing:
      return "control ring";
    case MapRole::kControl:
      return "control";
    case MapRole::kScratch:
      return "scratch";
    case MapRole::kConstants:
      return "constants";
    case MapRole::kCalls:
      return "calls";
    case MapRole::kStackRing:
      return "stack ring";
    case MapRole::kStackCache:
      return "stack cache";
  }
  return "";
}

std::string_view Name(SeriesMerge merge) {
  switch (merge) {
    case SeriesMerge::kLast:
      return "last";
    case SeriesMerge::kAvg:
      return "avg";
    case SeriesMerge::kMax:
      return "max";
    case SeriesMerge::kMin:
      return "min";
    case SeriesMerge::kSum:
      return "sum";
  }
  return "";
}

std::string_view Name(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kNone:
      return "none";
    case Aggregation::kCount:
      return "count";
    case Aggregation::kSum:
      return "sum";
    case Aggregation::kAvg:
      return "avg";
    case Aggregation::kMin:
      return "min";
    case Aggregation::kMax:
      return "max";
    case Aggregation::kStats:
      return "stats";
    case Aggregation::kHist:
      return "hist";
    case Aggregation::kLhist:
      return "lhist";
    case Aggregation::kTseries:
      return "tseries";
  }
  return "";
}

std::string_view Name(EventKind kind) {
  switch (kind) {
    case EventKind::kPrintf:
      return "printf";
    case EventKind::kPrintValue:
      return "print value";
    case EventKind::kPrintMap:
      return "print map";
    case EventKind::kClearMap:
      return "clear map";
    case EventKind::kZeroMap:
      return "zero map";
    case EventKind::kTime:
      return "time";
    case EventKind::kJoin:
      return "join";
    case EventKind::kError:
      return "error";
    case EventKind::kWarning:
      return "warning";
    case EventKind::kExit:
      return "exit";
    case EventKind::kCat:
      return "cat";
    case EventKind::kSystem:
      return "system";
    case EventKind::kPacket:
      return "packet";
  }
  return "";
}

std::string_view Name(FractionOp op) {
  switch (op) {
    case FractionOp::kNumber:
      return "number";
    case FractionOp::kSlot:
      return "slot";
    case FractionOp::kAdd:
      return "+";
    case FractionOp::kSubtract:
      return "-";
    case FractionOp::kMultiply:
      return "*";
    case FractionOp::kDivide:
      return "/";
    case FractionOp::kNegate:
      return "negate";
    case FractionOp::kSelect:
      return "select";
  }
  return "";
}

std::string_view Name(LossReason reason) {
  switch (reason) {
    case LossReason::kRingFull:
      return "ring full";
    case LossReason::kMapFull:
      return "map full";
    case LossReason::kNoMemory:
      return "no memory";
    case LossReason::kMapBusy:
      return "map busy";
    case LossReason::kNoScratch:
      return "no scratch";
    case LossReason::kHelperFailed:
      return "helper failed";
    case LossReason::kHelperCode:
      return "helper code";
    case LossReason::kLoopLimit:
      return "loop limit";
    case LossReason::kNoTaskStorage:
      return "no task storage";
    case LossReason::kCallsTooDeep:
      return "calls too deep";
  }
  return "";
}

std::string_view Name(ProgramType type) {
  switch (type) {
    case ProgramType::kRawTracepoint:
      return "raw tracepoint";
    case ProgramType::kTracingRawTracepoint:
      return "typed raw tracepoint";
    case ProgramType::kTracepoint:
      return "tracepoint";
    case ProgramType::kPerfEvent:
      return "perf event";
    case ProgramType::kKprobe:
      return "kprobe";
    case ProgramType::kUprobeMulti:
      return "uprobe multi";
    case ProgramType::kIterator:
      return "iterator";
    case ProgramType::kKprobeMulti:
      return "kprobe on many";
    case ProgramType::kFunctionEntry:
      return "function entry";
    case ProgramType::kFunctionExit:
      return "function exit";
  }
  return "";
}

}  // namespace sonde::image
