"""An assistant that knows the weather, the time and arithmetic"""
