"""An assistant that asks another agent for the weather"""
