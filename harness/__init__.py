"""How an experiment is answered: vocabulary, identity, store, plan, stages."""
