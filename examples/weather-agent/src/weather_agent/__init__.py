"""An agent that other agents ask for the weather, over A2A"""
