// To be included first. What a stack protector reads, libc sets up, and the launcher has none. The flag of the build
// comes before the user's CXXFLAGS, which may ask for a stack protector.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-stack-protector")
#elif defined(__SSP__) || defined(__SSP_STRONG__) || defined(__SSP_ALL__)
#error "remove -fstack-protector from CXXFLAGS"
#endif
