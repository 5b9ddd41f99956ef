set(ROOM_TEST_LINKS sonde_kernel)  # its BTF checks the constants
