// Memory that is kept and reused: aligned, not initialized, growing only.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

namespace convoscope {

// Memory that could not be had; what() says how much was asked for, where that is known.
class OutOfMemory : public std::bad_alloc {
public:
    explicit OutOfMemory(std::size_t bytes = 0)
        : message_("the native engine could not get " +
                   (bytes ? std::to_string((bytes >> 20) + 1) + " MB of memory" : std::string("enough memory")) +
                   ". Smaller batches, smaller images or fewer filters need less.") {}
    const char* what() const noexcept override { return message_.c_str(); }

private:
    std::string message_;
};

class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
        other.data_ = nullptr, other.bytes_ = 0;
    }
    Buffer& operator=(Buffer&&) = delete;
    ~Buffer() { release(); }

    // Make it at least so large. What it held is lost if it grows.
    void reserve(std::size_t bytes) {
        if (bytes <= bytes_) return;
        release();
        data_ = ::operator new(bytes, alignment(bytes), std::nothrow);
        if (!data_) throw OutOfMemory(bytes);
        bytes_ = bytes;
#ifdef __linux__
        // A map of a large image is read faster so, and the system brings 2 MB at a time in place of 4 kB. A system
        // that does not do that says so, and nothing is lost.
        if (bytes >= large) ::madvise(data_, bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
    }

    std::size_t bytes() const { return bytes_; }
    float* floats() const { return static_cast<float*>(data_); }
    std::uint8_t* begin() const { return static_cast<std::uint8_t*>(data_); }

private:
    static constexpr std::size_t huge_page = std::size_t{2} << 20, large = 4 * huge_page;

    static std::align_val_t alignment(std::size_t bytes) {
        return std::align_val_t{bytes >= large ? huge_page : std::size_t{64}};
    }

    void release() {
        if (data_) ::operator delete(data_, alignment(bytes_));
        data_ = nullptr;
        bytes_ = 0;
    }

    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace convoscope
