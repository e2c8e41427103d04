// Whether there are threads: WebAssembly has none unless it is built for them, and then not even their locks.
#pragma once

#if defined(__wasm__) && !defined(_REENTRANT)
#define CONVOSCOPE_THREADS 0
#else
#define CONVOSCOPE_THREADS 1
#endif

#include <mutex>

namespace convoscope {

#if CONVOSCOPE_THREADS
using Mutex = std::mutex;
#else
struct Mutex {
    void lock() {}
    void unlock() {}
};
#endif

}  // namespace convoscope
