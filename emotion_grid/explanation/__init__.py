"""Why a model predicts a label: SHAP values of words."""
