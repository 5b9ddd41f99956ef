#pragma once
enum shared_enum { SHARED_ONE = 1 };
