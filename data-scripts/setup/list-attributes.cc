// Lists of strings and of types as attributes of TensorFlow's ops (fused_ops and TArgs of fused convolutions).
// tfjs-node sets lists of numbers only. Set-up puts this into its tfjs_backend.cc, before AssignOpAttr, which calls it.
bool AssignListAttr(napi_env env, TFE_Op *tfe_op, const char *attr_name,
                    TF_AttrType type, napi_value js_value) {
  napi_status nstatus;
  if ((type != TF_ATTR_STRING && type != TF_ATTR_TYPE) ||
      !IsArray(env, nstatus, &js_value)) {
    return false;
  }
  uint32_t length;
  nstatus = napi_get_array_length(env, js_value, &length);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, true);
  std::vector<std::string> strings(length);
  std::vector<TF_DataType> types(length);
  std::vector<const void *> data(length);
  std::vector<size_t> lengths(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    nstatus = napi_get_element(env, js_value, i, &element);
    ENSURE_NAPI_OK_RETVAL(env, nstatus, true);
    if (type == TF_ATTR_TYPE) {
      nstatus = napi_get_value_int32(env, element,
                                     reinterpret_cast<int32_t *>(&types[i]));
    } else {
      nstatus = GetStringParam(env, element, strings[i]);
      data[i] = strings[i].data();
      lengths[i] = strings[i].size();
    }
    ENSURE_NAPI_OK_RETVAL(env, nstatus, true);
  }
  if (type == TF_ATTR_TYPE) {
    TFE_OpSetAttrTypeList(tfe_op, attr_name, types.data(), length);
  } else {
    TFE_OpSetAttrStringList(tfe_op, attr_name, data.data(), lengths.data(), length);
  }
  return true;
}

