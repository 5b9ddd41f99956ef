// loader OBJECT COMMAND…: loads the programs of OBJECT, attaches them, runs COMMAND until it ends, prints the maps as
// "map: key value" lines (the key in hexadecimal as it lies in memory, values summed over the CPUs; a value that is
// an array of counters as one line each, "map[i]: key value"; nothing for counters of zero).
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void PrintValue(const char* name, const unsigned char* key, unsigned key_size, const unsigned long long* values,
                       unsigned value_size, int copies) {
  const unsigned counters = value_size / sizeof *values;
  for (unsigned counter = 0; counter < counters; ++counter) {
    unsigned long long sum = 0;
    for (int copy = 0; copy < copies; ++copy) sum += values[copy * counters + counter];
    if (sum == 0) continue;
    printf(counters > 1 ? "%s[%u]: " : "%s: ", name, counter);
    for (unsigned byte = 0; byte < key_size; ++byte) printf("%02x", key[byte]);
    printf(" %llu\n", sum);
  }
}

static void PrintMap(const struct bpf_map* map) {
  const enum bpf_map_type type = bpf_map__type(map);
  if (type == BPF_MAP_TYPE_TASK_STORAGE || type == BPF_MAP_TYPE_RINGBUF || bpf_map__is_internal(map)) return;
  const int is_per_cpu = type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH;
  const int copies = is_per_cpu ? libbpf_num_possible_cpus() : 1;
  const unsigned key_size = bpf_map__key_size(map);
  const unsigned value_size = bpf_map__value_size(map);
  unsigned char* key = calloc(1, key_size);
  unsigned long long* values = calloc(copies, value_size);
  const int map_fd = bpf_map__fd(map);
  for (void* before = NULL; bpf_map_get_next_key(map_fd, before, key) == 0; before = key) {
    if (bpf_map_lookup_elem(map_fd, key, values) != 0) continue;
    PrintValue(bpf_map__name(map), key, key_size, values, value_size, copies);
  }
  free(key);
  free(values);
}

static int AttachAll(struct bpf_object* object) {
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    if (bpf_program__attach(program) == NULL) {
      perror(bpf_program__name(program));
      return 1;
    }
  }
  fprintf(stderr, "Attached\n");
  return 0;
}

static int RunCommand(char** argv) {
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s OBJECT COMMAND...\n", argv[0]);
    return 2;
  }
  struct bpf_object* object = bpf_object__open(argv[1]);
  if (object == NULL || bpf_object__load(object) != 0 || AttachAll(object) != 0) return 1;
  if (RunCommand(argv + 2) != 0) return 1;
  const struct bpf_map* map;
  bpf_object__for_each_map(map, object) PrintMap(map);
  return 0;
}
