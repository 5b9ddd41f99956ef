// Functions that bpf-import.bt calls.
typedef unsigned long long u64;
struct pair {
  int left;
  int right;
};

static const int kSquares[] = {0, 1, 4, 9, 16};

static int twice(int x) { return 2 * x; }

int add(int left, unsigned char right) { return left + right; }
long negative(short x) { return -(long)x; }
_Bool is_even(u64 n) { return n % 2 == 0; }
int square(unsigned int i) { return i < 5 ? kSquares[i] : -1; }
int quadruple(int x) { return twice(twice(x)); }
void swap(struct pair *p) {
  int left = p->left;
  p->left = p->right;
  p->right = left;
}
int length(const char *text, int capacity) {
  int n = 0;
  while (n < capacity && text[n]) ++n;
  return n;
}
void increment(u64 *counter) { __sync_fetch_and_add(counter, 1); }
u64 pid_tgid(void) { return ((u64(*)(void))14)(); }  // bpf_get_current_pid_tgid
