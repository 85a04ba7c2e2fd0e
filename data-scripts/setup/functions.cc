// Functions of TensorFlow's: many ops as one, which executeOp then runs by the function's name. Set-up puts this into
// tfjs-node's tfjs_binding.cc, before InitTFNodeJSBinding, which exports it. A reason for each method:

// addFunction(definition: Uint8Array): void. Nothing else in the binding makes an op of several: executeOp makes one call
// for each, and runSavedModel reads its graph from disk and holds its own weights. Takes a serialized FunctionDef.
static napi_value AddFunction(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value definition;
  napi_status nstatus = napi_get_cb_info(env, info, &argc, &definition, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  ENSURE_VALUE_IS_TYPED_ARRAY_RETVAL(env, definition, nullptr);
  napi_typedarray_type type;
  size_t length;
  void *data;
  nstatus = napi_get_typedarray_info(env, definition, &type, &length, &data, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (type != napi_uint8_array) {
    NAPI_THROW_ERROR(env, "addFunction() expects the bytes of a FunctionDef, a Uint8Array");
    return nullptr;
  }
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  TF_AutoStatus tf_status;
  TFE_ContextAddFunctionDef(backend->context(), static_cast<const char *>(data), length, tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  return nullptr;
}

// The one argument of the next two, a string; false with an exception where it isn't.
static bool StringArgument(napi_env env, napi_callback_info info, std::string &text) {
  size_t argc = 1;
  napi_value value;
  napi_status nstatus = napi_get_cb_info(env, info, &argc, &value, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, false);
  ENSURE_VALUE_IS_STRING_RETVAL(env, value, false);
  nstatus = GetStringParam(env, value, text);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, false);
  return true;
}

// removeFunction(name: string): void. Functions stay until the process ends otherwise, with the kernels made for them.
static napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  std::string name;
  if (!StringArgument(env, info, name)) return nullptr;
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  TF_AutoStatus tf_status;
  TFE_ContextRemoveFunction(backend->context(), name.c_str(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  return nullptr;
}

// opDef(name: string): Uint8Array. A FunctionDef calls an op's outputs by names and states every attribute; executeOp's
// callers know outputs by number and leave attributes out that have defaults. Returns a serialized OpDef, which has both.
static napi_value OpDef(napi_env env, napi_callback_info info) {
  std::string name;
  if (!StringArgument(env, info, name)) return nullptr;
  std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)> graph(TF_NewGraph(), &TF_DeleteGraph);
  std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> definition(TF_NewBuffer(), &TF_DeleteBuffer);
  TF_AutoStatus tf_status;
  TF_GraphGetOpDef(graph.get(), name.c_str(), definition.get(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  void *data;
  napi_value buffer, result;
  napi_status nstatus = napi_create_arraybuffer(env, definition->length, &data, &buffer);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  memcpy(data, definition->data, definition->length);
  nstatus = napi_create_typedarray(env, napi_uint8_array, definition->length, buffer, 0, &result);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  return result;
}
