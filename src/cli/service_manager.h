// Tells the service manager that started us (systemd, by NOTIFY_SOCKET: sd_notify(3)) how far we are.
#pragma once

#include <string>
#include <string_view>

namespace sonde::cli {

class ServiceManager {
 public:
  // Takes the socket's name out of the environment, so that commands which we start do not speak for us.
  static ServiceManager FromEnvironment();

  // Assignments such as "READY=1", a line each; nothing happens where nobody asked to be told. False when it could not
  // be sent.
  bool Tell(std::string_view assignments) const;

 private:
  std::string socket_;  // a path, or with '@' in front an abstract name; empty: nobody asked
};

}  // namespace sonde::cli
