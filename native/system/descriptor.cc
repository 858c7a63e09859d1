#include "system/descriptor.h"

#include <mutex>
#include <unordered_set>

namespace seccomp {
namespace {

struct Registry {
  std::mutex mutex;
  std::unordered_set<int> numbers;
};

// Never destroyed: threads can outlive static objects.
Registry& TheRegistry() {
  static auto* const registry = new Registry;
  return *registry;
}

}  // namespace

void PrivateDescriptor::Register() const {
  if (get() < 0) return;
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  registry.numbers.insert(get());
}

void PrivateDescriptor::Unregister() const {
  if (get() < 0) return;
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  registry.numbers.erase(get());
}

bool IsPrivate(int descriptor) {
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  return registry.numbers.count(descriptor) != 0;
}

}  // namespace seccomp
