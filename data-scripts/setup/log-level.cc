// TF_CPP_MIN_LOG_LEVEL from the first message on. TensorFlow reads it only when it is loaded, after that oneDNN is on
// has been said (an I, after a WARNING about messages as early as that), before every notebook. It writes through this
// function of absl's, which it exports; on Linux the binding's is found before its own. The name is that of absl in
// TensorFlow 2.21: with another version's, nothing changes.
#ifdef __linux__
struct LogText {  // as a std::string_view of libstdc++ lies in registers
  size_t length;
  const char *data;
};
extern "C" __attribute__((visibility("default"))) void WriteLog(LogText text, int severity)
    __asm__("_ZN4absl12lts_2025081412log_internal13WriteToStderr"
            "ESt17basic_string_viewIcSt11char_traitsIcEENS0_11LogSeverityE");
extern "C" void WriteLog(LogText text, int severity) {
  const char *level = getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == nullptr || severity >= atoi(level)) fwrite(text.data, 1, text.length, stderr);
}
#endif

