#include "probes/bystander.h"

#include <algorithm>
#include <array>

#include "base/glob.h"

namespace sonde::probes {
namespace {

// By the name of the event alone, as raw tracepoints know no category. sched_process_* and sched_kthread_* are acts.
constexpr auto kPatterns = std::to_array<std::string_view>({
    "sched_switch", "sched_wak*",   "sched_stat_*", "sched_migrate_task", "sched_*numa*", "sched_pi_setprio",
    "irq_*",        "softirq_*",    "tasklet_*",    "local_timer_*",      "timer_*",      "hrtimer_*",
    "tick_*",       "reschedule_*", "call_function_*", "ipi_*",           "csd_*",        "napi_*",
    "net_dev_*",    "netif_*",      "kfree_skb",    "consume_skb",        "tcp_*",        "inet_sock_set_state",
    "cpu_*",        "rcu_*",        "workqueue_*",  "block_rq_complete",  "tlb_flush",
});

}  // namespace

bool IsOfOthers(std::string_view event) {
  return std::ranges::any_of(kPatterns, [event](std::string_view pattern) { return GlobMatch(pattern, event); });
}

}  // namespace sonde::probes
